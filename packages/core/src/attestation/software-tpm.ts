import type { Endorsement } from '../endorsement/index.js'
import type { QuoteFacts } from '../evidence/index.js'
import { isSoftwareTpmFirmware, softwareTpmIdentity } from '../tpm2/index.js'
import { type Check, fail, pass } from '../verdict/index.js'

const id = 'policy.software-tpm'
const manufacturer = softwareTpmIdentity.manufacturer.toString(16).toUpperCase()

/** What says that a TPM is Trusthold's software TPM; undefined when nothing does. */
function softwareTpmMark(endorsement: Endorsement, facts?: QuoteFacts): string | undefined {
  if (endorsement.certificate?.manufacturer.id === manufacturer) return 'its EK certificate'
  const marked = facts !== undefined && isSoftwareTpmFirmware(facts.firmwareVersion)
  return marked ? 'its firmware version' : undefined
}

/** Whether the TPM says of itself that it is Trusthold's software TPM, which protects nothing. */
export function isSoftwareTpm(endorsement: Endorsement, facts: QuoteFacts): boolean {
  return softwareTpmMark(endorsement, facts) !== undefined
}

/**
 * Refuses Trusthold's software TPM where it is not allowed. Its certificate says what it is, and where keys are
 * registered without certificates, so does the firmware version that it signs.
 * @param facts of the quote; without them only the certificate can tell
 */
export function checkSoftwareTpm(allowed: boolean, endorsement: Endorsement, facts?: QuoteFacts): Check {
  const mark = softwareTpmMark(endorsement, facts)
  if (mark === undefined) return pass(id, 'the TPM does not say that it is a software TPM for tests')
  return allowed
    ? pass(id, `software TPMs are allowed here; by ${mark} it is one`)
    : fail(id, `by ${mark} it is a software TPM for demos and tests, which protects nothing`)
}
