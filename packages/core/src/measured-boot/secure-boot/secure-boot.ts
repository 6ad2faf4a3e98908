import { equalBytes } from '../../bytes/index.js'
import { digestOf, isHashAlgorithm } from '../../tpm2/index.js'
import type { EfiSignatureList } from '../events/signature-list.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import { lazyMembers } from '../lazy-members.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'
import { authoritiesFact, type SecureBootAuthority } from './authorities.js'
import {
  disablesVerification,
  findImages,
  findOddities,
  type JudgedEvent,
  type SecureBootFinding,
} from './findings.js'
import { type PolicyEvent, type PolicyLog, policyListFact, readPolicyLog } from './policy-log.js'
import { readPolicyStatement, type ShimSettingName } from './policy-statements.js'
import {
  type PolicyVariableName,
  readDatabase,
  readMode,
  readSecureBoot,
  statementsOf,
  variableFact,
} from './policy-variables.js'
import type { SeparatorDigests } from './separators.js'

/** What PCR 7 says of Secure Boot. */
export interface SecureBootState {
  /** Whether the firmware had Secure Boot on: the variable SecureBoot, as long as no other variable contradicts it. */
  readonly enabled: Fact<boolean>
  /**
   * Whether it was on and nothing that was measured says that something ran without being verified: no debugger in the
   * firmware, no shim that verifies nothing, no signature that stands in no list.
   */
  readonly enforced: Fact<boolean>
  /** Whether the platform had no owner. Few firmwares measure the modes. */
  readonly setupMode: Fact<boolean>
  readonly auditMode: Fact<boolean>
  readonly deployedMode: Fact<boolean>
  /** PK. A database that is unset has no lists. */
  readonly platformKey: Fact<readonly EfiSignatureList[]>
  /** KEK. */
  readonly keyExchangeKeys: Fact<readonly EfiSignatureList[]>
  /** What may run. */
  readonly db: Fact<readonly EfiSignatureList[]>
  /** What may not run, even if db has it. */
  readonly dbx: Fact<readonly EfiSignatureList[]>
  /** What let images run, in the order in which it was first used. */
  readonly authorities: Fact<readonly SecureBootAuthority[]>
  /** What shim measured of its own settings; none when no shim ran. */
  readonly shimSettings: Fact<readonly ShimSetting[]>
  readonly findings: readonly SecureBootFinding[]
}

/** One of shim's settings, as shim measured it into PCR 7. */
export interface ShimSetting {
  readonly event: number
  readonly name: ShimSettingName
  readonly data: Uint8Array
}

/** Modes in which Secure Boot is off. UEFI 2.10, section 32.3. */
const modesWithoutIt = ['SetupMode', 'AuditMode'] as const

/**
 * Judges Secure Boot by PCR 7 as a whole. Each member is found out when it is asked for. How a variable becomes a fact
 * is told at `variableFact` in policy-variables.ts.
 */
export function readSecureBootState(log: ProvedLog, digests: SeparatorDigests): SecureBootState {
  const policy = readPolicyLog(log, digests)
  const database = (name: PolicyVariableName) => variableFact(policy, name, readDatabase(name))
  const mode = (name: PolicyVariableName) => variableFact(policy, name, readMode)
  const judged = lazyMembers({ events: () => judgeEvents(policy, digests) })
  const state: SecureBootState = lazyMembers<SecureBootState>({
    enabled: () => enabledFact(policy),
    enforced: () => enforcedFact(state, judged.events),
    setupMode: () => mode('SetupMode'),
    auditMode: () => mode('AuditMode'),
    deployedMode: () => mode('DeployedMode'),
    platformKey: () => database('PK'),
    keyExchangeKeys: () => database('KEK'),
    db: () => database('db'),
    dbx: () => database('dbx'),
    authorities: () => authoritiesFact(policy, state.db),
    shimSettings: () => policyListFact(policy, judged.events.flatMap(readShimSetting)),
    findings: () =>
      findOddities({
        log: policy,
        events: judged.events,
        authorities: listOf(state.authorities),
        contradiction: contradictionOf(policy),
        images: findImages(log, digests),
      }),
  })
  return state
}

function enabledFact(policy: PolicyLog): Fact<boolean> {
  const stated = variableFact(policy, 'SecureBoot', readSecureBoot)
  const contradiction = contradictionOf(policy)
  return stated.verified && contradiction !== undefined ? doubtedFact(contradiction, stated.value) : stated
}

/** Secure Boot cannot be on while the platform has no owner's key or only audits; a firmware that says so is wrong. */
function contradictionOf(policy: PolicyLog): string | undefined {
  if (!dataOf(policy, 'SecureBoot').some(readSecureBoot)) return undefined
  const mode = modesWithoutIt.find((name) => dataOf(policy, name).some((data) => readMode(data) !== false))
  if (mode !== undefined) return `the variable SecureBoot says on, but ${mode} says that it cannot be`
  return dataOf(policy, 'PK').some((data) => data.length === 0)
    ? 'the variable SecureBoot says on, but there is no PK'
    : undefined
}

function dataOf(policy: PolicyLog, name: PolicyVariableName): readonly Uint8Array[] {
  return statementsOf(policy, name).flatMap(({ variable }) => (variable === undefined ? [] : [variable.data]))
}

function enforcedFact(
  { enabled, authorities }: SecureBootState,
  events: readonly JudgedEvent[],
): Fact<boolean> {
  if (!enabled.verified || !enabled.value) return enabled
  const weakened = events.find(
    ({ statement }) =>
      disablesVerification(statement) || (statement.kind === 'action' && statement.action === 'debug-mode'),
  )
  if (weakened !== undefined) return provedFact(false, weakened.event)
  if (!authorities.verified) return doubtedFact(authorities.reason, true)
  const unknown = authorities.value.find(({ source }) => source === 'unknown')
  return unknown === undefined
    ? provedFact(true, enabled.event)
    : doubtedFact(`event ${unknown.event} vouches with a signature that is not in db`, true)
}

function judgeEvents(policy: PolicyLog, digests: SeparatorDigests): readonly JudgedEvent[] {
  const judge =
    (phase: 'before' | 'after') =>
    (policyEvent: PolicyEvent): JudgedEvent => ({
      event: policyEvent.event.index,
      phase,
      covered: policyEvent.measured !== undefined,
      statement: readPolicyStatement(policyEvent, phase, digests),
    })
  return [...policy.before.map(judge('before')), ...policy.after.map(judge('after'))]
}

function readShimSetting({ event, phase, statement }: JudgedEvent): readonly ShimSetting[] {
  if (phase === 'before' || statement.kind !== 'shim-setting') return []
  return [{ event, name: statement.name, data: statement.data }]
}

function listOf<T>(fact: Fact<readonly T[]>): readonly T[] {
  return fact.verified ? fact.value : (fact.hint ?? [])
}

/** Whether an event's digest covers all of its data: then what the data says was measured. */
export function isDataMeasured(event: TcgEvent, bank: string): boolean {
  const digest = event.digest(bank)
  return digest !== undefined && isHashAlgorithm(bank) && equalBytes(digestOf(bank, event.data), digest)
}
