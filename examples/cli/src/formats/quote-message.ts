import { decode, decodePrefix } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import { type TpmsAttest, tpmGeneratedValue, tpmsAttest } from '@trusthold/core/tpm2'
import type { Input } from '../input.js'
import { inFile } from '../user-error.js'

/** A TPM's statement, as bytes and as read. */
export interface QuoteMessage {
  /** TPMS_ATTEST as received: what is signed. */
  readonly bytes: Uint8Array
  readonly value: TpmsAttest
}

const sizeField = 2

/** Whether the bytes are a TPM2B_ATTEST: the size of the rest, then what every TPMS_ATTEST starts with. */
function isSized(bytes: Uint8Array): boolean {
  if (bytes.length < sizeField + 4) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint16(0) === bytes.length - sizeField && view.getUint32(sizeField) === tpmGeneratedValue
}

/**
 * Reads a TPMS_ATTEST or TPM2B_ATTEST, told apart by content.
 * @throws UserError with the file, the field's path and its offset in the file
 */
export function readQuoteMessage({ name, bytes }: Input): QuoteMessage {
  return inFile(name, () => {
    if (!isSized(bytes)) return { bytes, value: decode(tpmsAttest, bytes) }
    const { value, length } = decodePrefix(tpmsAttest, bytes, sizeField)
    const trailing = bytes.length - sizeField - length
    if (trailing > 0) {
      throw new TrustholdError('CODEC_TRAILING', {
        path: 'TPM2B_ATTEST',
        offset: sizeField + length,
        trailing,
      })
    }
    return { bytes: bytes.subarray(sizeField), value }
  })
}
