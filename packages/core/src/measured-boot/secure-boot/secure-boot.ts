import { equalBytes } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm, isHashAlgorithm } from '../../tpm2/index.js'
import { isGlobalVariable, readVariable } from '../events/uefi-variable.js'
import type { Fact } from '../fact.js'
import type { TcgEvent, TcgEventLog } from '../tcg/event-log.js'
import { eventTypes } from '../tcg/event-types.js'
import type { SeparatorDigests } from './separators.js'

/** PCR of the Secure Boot policy. */
const policyPcr = 7

/**
 * Whether Secure Boot was on, from the variable SecureBoot as the firmware measured it into PCR 7 before its separator.
 *
 * The type of an event is not measured, and whoever runs after the firmware can extend PCR 7 with an event that says
 * what he likes. So the separator is told by its digest, only what comes before it counts, all of that must be data
 * that its digest covers, and the variable may appear once, under whatever type: then nothing true can hide behind a
 * wrong label, and nothing false can come before.
 */
export function secureBootFact(
  log: TcgEventLog,
  bank: HashAlgorithm,
  digests: SeparatorDigests,
  matching: ReadonlySet<number>,
): Fact<boolean> {
  const { firmware, separated } = firmwarePart(log, digests)
  const stated = firmware.flatMap((event) => {
    const state = secureBootState(event)
    return state === undefined ? [] : [{ event, state }]
  })
  const [statement] = stated
  const hint = statement?.state
  const doubt = (reason: string): Fact<boolean> => ({ verified: false, hint, reason })
  if (!matching.has(policyPcr)) return doubt('PCR 7 is not proved by the log')
  if (statement === undefined)
    return doubt('PCR 7 has no event of the variable SecureBoot before its separator')
  if (hint === undefined || stated.length > 1)
    return doubt('the variable SecureBoot is measured more than once')
  if (!separated) return doubt('PCR 7 has no separator, so anyone may have extended it')
  if (statement.event.type !== eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG) {
    return doubt(`event ${statement.event.index} has the variable SecureBoot under another type`)
  }
  const uncovered = firmware.find((event) => !isDataMeasured(event, bank))
  if (uncovered !== undefined) {
    return doubt(`event ${uncovered.index} in PCR 7 has data that its digest does not cover`)
  }
  return { verified: true, value: statement.state, event: statement.event.index }
}

/** What was extended into PCR 7 before its first separator, or all of it when it has none. */
function firmwarePart(
  log: TcgEventLog,
  digests: SeparatorDigests,
): { firmware: readonly TcgEvent[]; separated: boolean } {
  const firmware: TcgEvent[] = []
  for (const event of log.events) {
    if (event.pcr !== policyPcr || event.type === eventTypes.EV_NO_ACTION) continue
    if (digests.kindOf(event) !== undefined) return { firmware, separated: true }
    firmware.push(event)
  }
  return { firmware, separated: false }
}

/** Whether an event's digest covers all of its data: then what the data says was measured. */
export function isDataMeasured(event: TcgEvent, bank: string): boolean {
  const digest = event.digest(bank)
  return digest !== undefined && isHashAlgorithm(bank) && equalBytes(digestOf(bank, event.data), digest)
}

/** True or false as the event says; undefined when it is not about that variable. An unset variable is false. */
function secureBootState(event: TcgEvent): boolean | undefined {
  const variable = readVariable(event.data)
  if (variable === undefined || !isGlobalVariable(variable, 'SecureBoot')) return undefined
  return variable.data.length === 1 && variable.data[0] === 1
}
