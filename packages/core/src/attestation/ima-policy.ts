import type { QuoteFacts } from '../evidence/index.js'
import { type VerifyImaOptions, verifyImaLog } from '../measured-boot/index.js'
import type { BankSelection, EvidenceDocument } from '../protocol/index.js'
import { isHashAlgorithm } from '../tpm2/index.js'
import { type Check, fail, pass } from '../verdict/index.js'

/** What hosts may have run since they booted, by the list of Linux IMA. */
export interface ImaPolicy
  extends Pick<
    VerifyImaOptions,
    | 'allowList'
    | 'keyring'
    | 'acceptSigned'
    | 'allowSha1'
    | 'acceptViolations'
    | 'bootAggregate'
    | 'maxSignatures'
  > {}

/** The PCR of Linux IMA. */
const imaPcr = 10
/** How many findings a refusal tells. */
const toldFindings = 4

/** Whether a selection asks for IMA's PCR. */
export function asksForIma(selection: readonly BankSelection[]): boolean {
  return selection.some(({ pcrs }) => pcrs.includes(imaPcr))
}

/** The selection with IMA's PCR in every bank. */
export function withImaPcr(selection: readonly BankSelection[]): readonly BankSelection[] {
  return selection.map(({ bank, pcrs }) => ({
    bank,
    pcrs: [...new Set([...pcrs, imaPcr])].sort((a, b) => a - b),
  }))
}

/** The logs of the operating system that are judged: IMA's where its PCR was asked for, systemd's where it came. */
export function laterLogs(
  evidence: EvidenceDocument,
  selection: readonly BankSelection[],
): { imaLog?: Uint8Array; systemdLog?: Uint8Array } {
  if (evidence.kind !== 'evidence-with-logs') return {}
  const { imaLog, systemdLog } = evidence
  return {
    ...(imaLog.length > 0 && asksForIma(selection) ? { imaLog } : {}),
    ...(systemdLog.length > 0 ? { systemdLog } : {}),
  }
}

/** Whether all that was measured is allowed, in every quoted bank. A host that shows no list is refused. */
export function checkIma(policy: ImaPolicy, { ima, pcrs }: QuoteFacts): Check {
  const id = 'policy.ima'
  if (ima === undefined) return fail(id, 'expected a list of IMA, none was given')
  const values = new Map(
    pcrs.flatMap((bank) => (isHashAlgorithm(bank.bank) ? [[bank.bank, bank.values]] : [])),
  )
  let allowed = 0
  for (const bank of values.keys()) {
    const verdict = verifyImaLog(ima.log, { ...policy, bank, pcrs: values, maxFindings: toldFindings })
    if (!verdict.accepted) {
      const told = verdict.findings.map(({ reason }) => reason).join('; ')
      return fail(id, `${verdict.findingCount} findings in the list of IMA: ${told}`)
    }
    allowed = verdict.counts.allowed + verdict.signed
  }
  return values.size === 0
    ? fail(id, 'no bank was quoted')
    : pass(id, `all that was measured is allowed: ${allowed} files`)
}
