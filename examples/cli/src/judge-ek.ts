import { type EkCertificate, parseEkCertificate, proveEkCertificate } from '@trusthold/core/endorsement'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import { type Check, conclude, fail, pass, skipped } from '@trusthold/core/verdict'
import { type Certificate, indexCertificates } from '@trusthold/core/x509'
import { readCertificateFile } from './formats/certificates.js'
import { showTime } from './formats/time.js'
import type { Input } from './input.js'
import { UserError } from './user-error.js'

/** How an EK certificate was judged. */
export interface EkJudgement {
  readonly trusted: boolean
  readonly checks: readonly Check[]
  /** Leaf first, the configured CA last; empty when there is no path. */
  readonly chain: readonly Certificate[]
}

/**
 * Judges whether a configured CA stands behind an EK certificate. A certificate that is malformed is one that fails, as
 * it comes from whoever is judged.
 * @param cas where paths may end, roots and intermediates alike
 * @param at milliseconds since 1970
 */
export async function judgeEk(input: Input, cas: readonly Certificate[], at: number): Promise<EkJudgement> {
  const checks: Check[] = []
  const chain = await judge(checks, input, cas, at)
  checks.push(skipped('certificate.revocation', 'no revocation list was given'))
  const trusted = chain.length > 0 && conclude(checks) === 'pass'
  return { trusted, checks, chain }
}

async function judge(
  checks: Check[],
  input: Input,
  cas: readonly Certificate[],
  at: number,
): Promise<readonly Certificate[]> {
  const read = await attempt(checks, 'certificate.structure', 'the certificate is well-formed', () =>
    readCertificateFile(input),
  )
  const [leaf, ...intermediates] = read ?? []
  if (leaf === undefined) return []
  const profile = 'it is of an endorsement key, as the TCG EK Credential Profile asks for'
  const ek = await attempt(checks, 'certificate.profile', profile, () => parseEkCertificate(leaf.der))
  if (ek === undefined) return []
  return (await provePath(checks, ek, intermediates, cas, at)) ?? []
}

function provePath(
  checks: Check[],
  ek: EkCertificate,
  intermediates: readonly Certificate[],
  cas: readonly Certificate[],
  at: number,
): Promise<readonly Certificate[] | undefined> {
  const reason = `every signature on the path to a configured CA verifies, all is valid at ${showTime(at)}`
  return attempt(checks, 'certificate.path', reason, async () => {
    const path = await proveEkCertificate(ek, { anchors: indexCertificates(cas), intermediates, at })
    return path.certificates
  })
}

/** Does a step and puts down how it ended. */
async function attempt<T>(
  checks: Check[],
  id: string,
  reason: string,
  step: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    const result = await step()
    checks.push(pass(id, reason))
    return result
  } catch (error) {
    if (!(error instanceof UserError) && !isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    checks.push(fail(id, describeError(error)))
    return undefined
  }
}
