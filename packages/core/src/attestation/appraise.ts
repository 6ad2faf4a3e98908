import { equalBytes } from '../bytes/index.js'
import {
  type JudgedLogs,
  type PcrValues,
  type PreparedKey,
  type QuoteFacts,
  verifyQuote,
} from '../evidence/index.js'
import type { BaseImage, BaseImageIndex } from '../policy/index.js'
import { type EvidenceDocument, qualifyingData } from '../protocol/index.js'
import { computeQualifiedName, hierarchyName } from '../tpm2/index.js'
import { type Check, conclude, fail, pass } from '../verdict/index.js'
import type { ChallengeState } from './challenge-state.js'
import { checkIma, type ImaPolicy, laterLogs } from './ima-policy.js'

/** What leg two judges, apart from the challenge itself. */
export interface AppraisalInput {
  readonly state: ChallengeState
  readonly evidence: EvidenceDocument
  readonly key: PreparedKey
  readonly images: BaseImageIndex
  readonly judgedLogs: JudgedLogs
  /** What may have run since; nothing is asked of the list of IMA when absent, but that it is true where it is given. */
  readonly ima?: ImaPolicy | undefined
}

/** The evidence's part of the verdict. */
export interface Appraisal {
  readonly checks: readonly Check[]
  /** Present when all checks passed. */
  readonly passed?: { readonly facts: QuoteFacts; readonly image: BaseImage }
}

/** Judges quote, PCR values and logs, and what was measured against the approved base images and IMA's policy. */
export function appraiseEvidence(input: AppraisalInput): Appraisal {
  const { state, evidence, key, images, judgedLogs, ima } = input
  const pcrs: readonly PcrValues[] = evidence.pcrs.map(({ bank, values }) => ({
    bank,
    values: new Map(values.map(({ pcr, digest }) => [pcr, digest])),
  }))
  const repeated = checkRepeatedPcrs(evidence)
  if (repeated !== undefined) return { checks: [repeated] }
  const verdict = verifyQuote({
    message: evidence.message,
    signature: evidence.signature,
    attestationKey: key,
    nonce: qualifyingData(state),
    qualifiedNames: state.qualifiedNames,
    hierarchy: 'endorsement',
    selection: state.selection,
    pcrs,
    eventLog: evidence.eventLog,
    ...laterLogs(evidence, state.selection),
    judgedLogs,
  })
  if (!verdict.trusted) return { checks: verdict.checks }
  const { check, image } = matchImage(images, pcrs, verdict.facts)
  const policies = ima === undefined ? [] : [checkIma(ima, verdict.facts)]
  const checks = [...verdict.checks, check, ...policies]
  return image !== undefined && conclude(checks) === 'pass'
    ? { checks, passed: { facts: verdict.facts, image } }
    : { checks }
}

/**
 * The qualified names that an attestation key can have beside an endorsement key: as its child, or as a primary key of
 * the endorsement hierarchy. In other hierarchies the TPM obfuscates clock and firmware version (Part 1, section 36.7).
 */
export function possibleQualifiedNames(
  endorsementKeyName: Uint8Array,
  keyName: Uint8Array,
): readonly Uint8Array[] {
  const hierarchy = hierarchyName('endorsement')
  return [
    computeQualifiedName(computeQualifiedName(hierarchy, endorsementKeyName), keyName),
    computeQualifiedName(hierarchy, keyName),
  ]
}

/** A PCR that is given twice would be two values for one place. */
function checkRepeatedPcrs(evidence: EvidenceDocument): Check | undefined {
  const twice = evidence.pcrs.find(
    ({ values }) => new Set(values.map(({ pcr }) => pcr)).size !== values.length,
  )
  return twice === undefined
    ? undefined
    : fail('quote.pcr-digest', `a PCR of bank ${twice.bank} is given twice`)
}

function matchImage(
  images: BaseImageIndex,
  pcrs: readonly PcrValues[],
  facts: QuoteFacts,
): { check: Check; image?: BaseImage } {
  const id = 'policy.base-image'
  let refusal = 'no base image is approved'
  for (const { bank, values } of pcrs) {
    const match = images.match({ bank, values }, facts.eventLog)
    if (match.matched) {
      return {
        check: pass(id, `the measurements are those of base image ${match.image.name}`),
        image: match.image,
      }
    }
    refusal = match.reason
  }
  return { check: fail(id, refusal) }
}

/** The attestation key, endorsement key and binding key of the second leg are those of the first. */
export function checkSameIdentity(state: ChallengeState, endorsementKey: Uint8Array): Check {
  const id = 'challenge.identity'
  return equalBytes(state.endorsementKey, endorsementKey)
    ? pass(id, 'the challenge was made for this endorsement key')
    : fail(id, 'the challenge was made for another endorsement key')
}
