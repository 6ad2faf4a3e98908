import type { Guid } from '../events/guid.js'
import { isMalformed } from '../events/malformed.js'
import type { EfiSignatureList } from '../events/signature-list.js'
import { globalVariable, imageSecurityDatabase, readVariableValue } from '../events/variable-value.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import { eventTypes } from '../tcg/event-types.js'
import type { PolicyEvent, PolicyLog, PolicyVariable } from './policy-log.js'
import { isVouching } from './vouchers.js'

/**
 * The variables that make up the Secure Boot policy, in the order in which the firmware measures those that it has.
 * PC Client Platform Firmware Profile, section 3.3.4.8.
 */
export const policyVariables = {
  SecureBoot: globalVariable,
  PK: globalVariable,
  KEK: globalVariable,
  db: imageSecurityDatabase,
  dbx: imageSecurityDatabase,
  dbt: imageSecurityDatabase,
  dbr: imageSecurityDatabase,
  SetupMode: globalVariable,
  AuditMode: globalVariable,
  DeployedMode: globalVariable,
  VendorKeys: globalVariable,
} as const satisfies Readonly<Record<string, Guid>>

/** Name of a variable of the Secure Boot policy. */
export type PolicyVariableName = keyof typeof policyVariables

/** Whether an event's variable is this one of the policy. */
export function isPolicyVariable(variable: PolicyVariable | undefined, name: PolicyVariableName): boolean {
  return variable?.name === name && variable.vendor === policyVariables[name]
}

/**
 * The events of the firmware's part that state a variable, under whatever type. An event that vouches for an image has
 * the name of a database too, but one signature of it and not its lists.
 */
export function statementsOf({ before }: PolicyLog, name: PolicyVariableName): readonly PolicyEvent[] {
  return before.filter((event) => isPolicyVariable(event.variable, name) && !isVouching(event))
}

/**
 * A variable as the firmware measured it into PCR 7 before its separator.
 *
 * The type of an event is not measured, and whoever runs after the firmware can extend PCR 7 with an event that says
 * what he likes. So the separator is told by its digest, only what comes before it counts, all of that must be data
 * that its digest covers, and the variable may appear once, under whatever type: then nothing true can hide behind a
 * wrong label, and nothing false can come before.
 * @param read what the value says; undefined when it does not have the form of the variable
 */
export function variableFact<T>(
  log: PolicyLog,
  name: PolicyVariableName,
  read: (data: Uint8Array) => T | undefined,
): Fact<T> {
  const statements = statementsOf(log, name)
  const [statement] = statements
  const value = statement?.variable === undefined ? undefined : read(statement.variable.data)
  const doubt = (reason: string): Fact<T> => doubtedFact(reason, value)
  if (!log.proved) return doubt('PCR 7 is not proved by the log')
  if (statement === undefined) return doubt(`PCR 7 has no event of the variable ${name} before its separator`)
  const { index, type } = statement.event
  if (statements.length > 1) return doubt(`the variable ${name} is measured more than once`)
  if (log.separator === undefined) return doubt('PCR 7 has no separator, so anyone may have extended it')
  if (type !== eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG) {
    return doubt(`event ${index} has the variable ${name} under another type`)
  }
  const uncovered = log.before.find(({ measured }) => measured === undefined)
  if (uncovered !== undefined) {
    return doubt(`event ${uncovered.event.index} in PCR 7 has data that its digest does not cover`)
  }
  if (value === undefined) return doubt(`event ${index} has a value that the variable ${name} cannot have`)
  return provedFact(value, index)
}

/** SecureBoot: on only when it is one byte, 1. An unset variable is off. */
export function readSecureBoot(data: Uint8Array): boolean {
  return data.length === 1 && data[0] === 1
}

/** SetupMode, AuditMode and DeployedMode: one byte, 0 or 1; an unset variable is off. Nothing else is a value. */
export function readMode(data: Uint8Array): boolean | undefined {
  if (data.length === 0) return false
  const [value] = data
  return data.length === 1 && (value === 0 || value === 1) ? value === 1 : undefined
}

/** PK, KEK, db and dbx: their lists, none when the variable is unset; undefined when they are malformed. */
export function readDatabase(
  name: PolicyVariableName,
): (data: Uint8Array) => readonly EfiSignatureList[] | undefined {
  return (data) => {
    const value = readVariableValue(policyVariables[name], name, data)
    return isMalformed(value) || value.kind !== 'signature-database' ? undefined : value.lists
  }
}
