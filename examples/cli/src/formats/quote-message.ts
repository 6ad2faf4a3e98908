import { type Codec, decode, sized, u16 } from '@trusthold/core/codec'
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

/** A TPM2B_ATTEST with what is in it, so that errors count offsets from its start. Part 2, section 10.12.13. */
const tpm2bAttest: Codec<TpmsAttest> = { ...sized(u16, tpmsAttest, 4096), name: 'TPM2B_ATTEST' }

/** Whether the bytes are a TPM2B_ATTEST: behind the size stands what every TPMS_ATTEST starts with. */
function isSized(bytes: Uint8Array): boolean {
  if (bytes.length < sizeField + 4) return false
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(sizeField) === tpmGeneratedValue
}

/**
 * Reads a TPMS_ATTEST or TPM2B_ATTEST, told apart by content.
 * @throws UserError with the file, the field's path and its offset in the file
 */
export function readQuoteMessage({ name, bytes }: Input): QuoteMessage {
  return inFile(name, () =>
    isSized(bytes)
      ? { bytes: bytes.subarray(sizeField), value: decode(tpm2bAttest, bytes) }
      : { bytes, value: decode(tpmsAttest, bytes) },
  )
}
