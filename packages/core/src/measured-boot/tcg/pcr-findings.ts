import { separatedPcrs } from '../secure-boot/separators.js'
import type { TcgEventLog } from './event-log.js'

/**
 * What is strange about the values of PCRs beside a log.
 * - `bank-unlogged`: the TPM has a bank that the log has no digests for. The firmware may not extend it, and then anyone
 *   can extend into it what he likes.
 * - `bank-unextended`: nothing was extended into PCRs 0 to 7 of a bank: the firmware leaves it to whoever comes.
 * - `pcr-blank`: one of PCRs 0 to 7 is blank, into which every firmware extends at least a separator.
 */
export type PcrFindingCode = 'bank-unlogged' | 'bank-unextended' | 'pcr-blank'

/** Something about PCR values that a verifier may refuse. */
export interface PcrFinding {
  readonly code: PcrFindingCode
  readonly message: string
  readonly bank: string
  /** Absent when it is about the bank. */
  readonly pcr?: number
}

/**
 * What is strange about the values of a TPM's PCRs beside its firmware's log. The values should be those of all banks
 * that the TPM has: a bank that the firmware does not extend can be filled with any boot's measurements afterwards.
 * @param banks values by PCR, in bytes of the digest's size; PCRs that are not in them are not judged
 */
export function findPcrFindings(
  log: TcgEventLog,
  banks: readonly { readonly bank: string; readonly values: ReadonlyMap<number, Uint8Array> }[],
): readonly PcrFinding[] {
  const logged: readonly string[] = log.algorithms
  return banks.flatMap(({ bank, values }): readonly PcrFinding[] => {
    const unlogged: readonly PcrFinding[] = logged.includes(bank)
      ? []
      : [{ code: 'bank-unlogged', message: `the log has no digests for ${bank}, a bank of the TPM`, bank }]
    const judged = [...values].filter(([pcr]) => separatedPcrs.includes(pcr))
    const blank = judged.filter(([, value]) => isBlankValue(value)).map(([pcr]) => pcr)
    if (judged.length > 0 && blank.length === judged.length) {
      const message = `nothing was extended into PCR ${blank.join(', ')} of ${bank}`
      return [...unlogged, { code: 'bank-unextended', message, bank }]
    }
    return [
      ...unlogged,
      ...blank.map((pcr): PcrFinding => {
        const message = `PCR ${pcr} of ${bank} is blank, and every firmware extends it`
        return { code: 'pcr-blank', message, bank, pcr }
      }),
    ]
  })
}

/** All zeros or all ones but for the last byte, which is a locality in PCR 0. */
function isBlankValue(value: Uint8Array): boolean {
  const [first] = value
  if (first !== 0 && first !== 0xff) return false
  return value.every((byte, i) => byte === first || (i === value.length - 1 && first === 0 && byte <= 4))
}
