import { equalBytes } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import type { MeasuredEvent } from '../record.js'

/**
 * A part of an event that its digest may be the hash of.
 * - `all`: every byte of the data.
 * - `variable`: a variable, without the padding behind it.
 * - `value`: the value of a variable. Neither its name nor its vendor, so also not what the name makes of the value.
 * - `text`: a text, without what closes it.
 * - `content`: what stands behind a label or a head, without these.
 * - `error`: the constant that says that the firmware failed. Nothing of the data, which says why.
 */
export type CoveredPart = 'all' | 'variable' | 'value' | 'text' | 'content' | 'error'

/** Bytes that an event's digest may be the hash of. */
export interface MeasuredPart {
  readonly part: CoveredPart
  readonly bytes: Uint8Array
}

/**
 * What an event's digest covers of its data. Only what it covers was measured, and that only if the PCR is proved too;
 * all else is a hint.
 */
export type Coverage =
  | { readonly covered: 'all'; readonly banks: readonly HashAlgorithm[] }
  | {
      readonly covered: Exclude<CoveredPart, 'all'>
      /** What was measured. */
      readonly bytes: Uint8Array
      readonly banks: readonly HashAlgorithm[]
    }
  | {
      readonly covered: 'nothing'
      /** Why nothing of the data counts. */
      readonly reason: string
    }

/**
 * Compares an event's digests with the hashes of bytes. A part counts as covered when its hash is the digest in every
 * bank that is asked for; the first that does is the answer.
 * @param parts what the digest may be of, the largest first; or, as a text, what else it is of
 */
export function coverageOf(
  event: MeasuredEvent,
  parts: readonly MeasuredPart[] | string,
  banks: readonly HashAlgorithm[],
): Coverage {
  if (!event.extends) return nothing('the event was not measured: it only informs')
  if (typeof parts === 'string') return nothing(`its digest is of ${parts}, which the data only describes`)
  if (banks.length === 0) return nothing('no bank is asked for')
  for (const { part, bytes } of parts) {
    if (!banks.every((bank) => isDigest(event, bank, bytes))) continue
    return part === 'all' ? { covered: part, banks } : { covered: part, bytes, banks }
  }
  const without = banks.find((bank) => event.digest(bank) === undefined)
  if (without !== undefined) return nothing(`it has no digest for ${without}`)
  return nothing(`its digests for ${banks.join(', ')} are not all of its data`)
}

function isDigest(event: MeasuredEvent, bank: HashAlgorithm, bytes: Uint8Array): boolean {
  const digest = event.digest(bank)
  return digest !== undefined && equalBytes(digestOf(bank, bytes), digest)
}

function nothing(reason: string): Coverage {
  return { covered: 'nothing', reason }
}
