import type { ProvedLog } from '../proved-log.js'
import type { SecureBootAuthority } from './authorities.js'
import type { PolicyLog } from './policy-log.js'
import type { PolicyStatement } from './policy-statements.js'
import {
  type PolicyVariableName,
  readDatabase,
  readMode,
  readSecureBoot,
  statementsOf,
} from './policy-variables.js'
import type { SeparatorDigests } from './separators.js'

/**
 * What is strange about a Secure Boot policy.
 * - `unproven`: PCR 7 is not proved, so nothing in it is.
 * - `separator-missing`, `separator-repeated`: the firmware's part has no end, or a second one.
 * - `uncovered`: an event has data that its digest does not cover; anything may have been measured there.
 * - `variable-missing`, `variable-repeated`, `variable-malformed`: of those that every firmware measures.
 * - `variable-unknown`, `event-unknown`: something that has no business in PCR 7.
 * - `out-of-order`: a variable does not stand where the specification has it.
 * - `contradiction`: Secure Boot is on in a mode in which it cannot be.
 * - `revocations-empty`: dbx revokes nothing.
 * - `authority-unknown`: an image ran by a signature that stands in no list.
 * - `authority-missing`: images ran with Secure Boot on, and the firmware's database vouched for none.
 * - `debug-mode`: the firmware's debugger was enabled.
 * - `dma-protection-disabled`: devices could write to memory while the firmware ran.
 * - `shim-verification-disabled`: shim was told to verify nothing.
 */
export type SecureBootFindingCode =
  | 'unproven'
  | 'separator-missing'
  | 'separator-repeated'
  | 'uncovered'
  | 'variable-missing'
  | 'variable-repeated'
  | 'variable-malformed'
  | 'variable-unknown'
  | 'event-unknown'
  | 'out-of-order'
  | 'contradiction'
  | 'revocations-empty'
  | 'authority-unknown'
  | 'authority-missing'
  | 'debug-mode'
  | 'dma-protection-disabled'
  | 'shim-verification-disabled'

/**
 * Something about a Secure Boot policy that a verifier may refuse. None is a proof of good order: only facts are, and
 * who refuses findings must ask for the facts too.
 */
export interface SecureBootFinding {
  readonly code: SecureBootFindingCode
  readonly reason: string
  /** The event that shows it, by index; absent when something is missing. */
  readonly event?: number
}

/** An event in PCR 7 with its meaning. */
export interface JudgedEvent {
  readonly event: number
  readonly phase: 'before' | 'after'
  readonly covered: boolean
  readonly statement: PolicyStatement
}

/** Everything that findings are made of. */
export interface JudgedPolicy {
  readonly log: PolicyLog
  readonly events: readonly JudgedEvent[]
  readonly authorities: readonly SecureBootAuthority[]
  /** What contradicts that Secure Boot is on; undefined when nothing does. */
  readonly contradiction: string | undefined
  /** Images that were loaded after the separator of PCR 4, by index. */
  readonly images: readonly number[]
}

/** PCR of what the firmware's boot manager loads. */
const imagePcr = 4
/** Those of the variables that every firmware measures, in this order. */
const required = ['SecureBoot', 'PK', 'KEK', 'db', 'dbx'] as const

/** What is strange about a policy, in the order of the log as far as it is about events. */
export function findOddities(policy: JudgedPolicy): readonly SecureBootFinding[] {
  const { log, contradiction } = policy
  return [
    ...(log.proved ? [] : [{ code: 'unproven', reason: 'PCR 7 is not proved by the log' } as const]),
    ...(log.separator === undefined
      ? [{ code: 'separator-missing', reason: 'PCR 7 has no separator' } as const]
      : []),
    ...required.flatMap((name) => judgeVariable(log, name)),
    ...(contradiction === undefined ? [] : [{ code: 'contradiction', reason: contradiction } as const]),
    ...judgeOrder(policy.events),
    ...policy.events.flatMap(judgeEvent),
    ...(log.extendedLater
      ? [{ code: 'event-unknown', reason: 'a log of the operating system has events of PCR 7' } as const]
      : []),
    ...judgeAuthorities(policy),
  ]
}

function judgeVariable(log: PolicyLog, name: (typeof required)[number]): readonly SecureBootFinding[] {
  const statements = statementsOf(log, name)
  const [first, second] = statements
  if (first?.variable === undefined) {
    return [{ code: 'variable-missing', reason: `the variable ${name} is not measured before the separator` }]
  }
  const { index: event } = first.event
  const { data } = first.variable
  if (second !== undefined) {
    const reason = `the variable ${name} is measured more than once`
    return [{ code: 'variable-repeated', reason, event: second.event.index }]
  }
  const malformed =
    name === 'SecureBoot' ? readMode(data) === undefined : readDatabase(name)(data) === undefined
  if (malformed) {
    return [{ code: 'variable-malformed', reason: `the variable ${name} does not have its form`, event }]
  }
  return name === 'dbx' && data.length === 0
    ? [{ code: 'revocations-empty', reason: 'dbx revokes nothing', event }]
    : []
}

/** The required variables have an order; they and all the others of the policy come before the separator. */
function judgeOrder(events: readonly JudgedEvent[]): readonly SecureBootFinding[] {
  const findings: SecureBootFinding[] = []
  let last = -1
  for (const { event, phase, statement } of events) {
    if (statement.kind !== 'variable') continue
    const place = (required as readonly PolicyVariableName[]).indexOf(statement.name)
    if (phase === 'after') {
      const reason = `the variable ${statement.name} is measured after the separator`
      findings.push({ code: 'out-of-order', reason, event })
    } else if (place !== -1) {
      if (place < last) {
        const reason = `the variable ${statement.name} is measured after ${required[last]}`
        findings.push({ code: 'out-of-order', reason, event })
      }
      last = Math.max(last, place)
    }
  }
  return findings
}

function judgeEvent({ event, covered, phase, statement }: JudgedEvent): readonly SecureBootFinding[] {
  const find = (code: SecureBootFindingCode, reason: string) => [{ code, reason, event }]
  switch (statement.kind) {
    case 'separator':
      return find('separator-repeated', 'PCR 7 has another separator')
    case 'unknown-variable':
      return find('variable-unknown', `event ${event} measures a variable that is none of Secure Boot's`)
    case 'unknown':
      return covered
        ? find('event-unknown', `event ${event} in PCR 7 is none that belongs there`)
        : find('uncovered', `event ${event} in PCR 7 has data that its digest does not cover`)
    case 'action':
      return find(
        statement.action,
        statement.action === 'debug-mode'
          ? 'the debugger of the firmware was enabled'
          : 'the firmware ran without protection against DMA',
      )
    case 'shim-setting':
      if (phase === 'before')
        return find('out-of-order', 'a setting of shim is measured before the separator')
      return disablesVerification(statement)
        ? find('shim-verification-disabled', 'shim verified nothing')
        : []
    case 'variable':
    case 'authority':
      return []
  }
}

/** MokSBState: shim verifies what it loads unless the variable is set. Only one byte 0 says for sure that it is not. */
export function disablesVerification(statement: PolicyStatement): boolean {
  if (statement.kind !== 'shim-setting' || statement.name !== 'MokSBState') return false
  return statement.data.length !== 1 || statement.data[0] !== 0
}

function judgeAuthorities({ log, authorities, images }: JudgedPolicy): readonly SecureBootFinding[] {
  const unknown = authorities
    .filter(({ source }) => source === 'unknown')
    .map(({ event, variable }): SecureBootFinding => {
      const reason = `event ${event} vouches with a signature that is not in the measured ${variable}`
      return { code: 'authority-unknown', reason, event }
    })
  const [statement] = statementsOf(log, 'SecureBoot')
  const on = statement?.variable !== undefined && readSecureBoot(statement.variable.data)
  const [image] = images
  if (!on || image === undefined || authorities.some(({ variable }) => variable === 'db')) return unknown
  const reason = 'images were loaded, but no signature in db vouches for any of them'
  return [...unknown, { code: 'authority-missing', reason, event: image }]
}

/** Images in PCR 4 after its separator: what was extended there and is not told by the event's own data. */
export function findImages(log: ProvedLog, digests: SeparatorDigests): readonly number[] {
  const events = log.eventsOf(imagePcr)
  const border = events.findIndex((event) => digests.kindOf(event) !== undefined)
  return events
    .slice(border + 1)
    .filter((event) => !log.isDigestOf(event, event.data))
    .map(({ index }) => index)
}
