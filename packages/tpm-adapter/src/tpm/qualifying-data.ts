import { TrustholdError } from '@trusthold/core/errors'

/** What a statement can hold without telling the TPM's name algorithm: a SHA-256 digest. */
const most = 32

/**
 * A copy, so that the caller may change its own while the statement waits for its turn.
 * @throws ARGUMENT_INVALID when it is longer than a statement can hold
 */
export function copyQualifyingData(data: Uint8Array): Uint8Array {
  if (data.length <= most) return Uint8Array.from(data)
  const reason = `${data.length} bytes, more than ${most}`
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'qualifyingData', reason })
}
