import { toHex } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import { type TpmtPublic, tpm2bPublic, tpmtPublic } from '@trusthold/core/tpm2'
import type { Input } from '../input.js'
import { inFile, UserError } from '../user-error.js'

/** Bytes that a public area may have, with its size field. */
export const publicAreaLimit = 8192

/** TPMI_ALG_PUBLIC: keyed hash, RSA, symmetric cipher, ECC. No name algorithm has one of these numbers. */
const objectTypes: ReadonlySet<number> = new Set([0x0001, 0x0008, 0x0023, 0x0025])

/** A public area, as bytes and as read. */
export interface PublicArea {
  /** TPMT_PUBLIC as received. */
  readonly bytes: Uint8Array
  readonly value: TpmtPublic
}

/**
 * Whether the bytes are a TPM2B_PUBLIC: a type of object behind the size. In a TPMT_PUBLIC that place has the name
 * algorithm.
 */
function isSized(bytes: Uint8Array): boolean {
  return objectTypes.has(readU16(bytes, 2))
}

function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

/** Whether the bytes start as a TPM2B_PUBLIC or a TPMT_PUBLIC does. */
export function looksLikePublicArea(bytes: Uint8Array): boolean {
  return isSized(bytes) || objectTypes.has(readU16(bytes, 0))
}

/**
 * Reads a TPM2B_PUBLIC or TPMT_PUBLIC, told apart by content.
 * @throws UserError with the file, the field's path and its offset in the file
 */
export function readPublicArea({ name, bytes }: Input): PublicArea {
  if (!looksLikePublicArea(bytes)) {
    const found = toHex(bytes.subarray(0, 4))
    throw new UserError(
      `${name}: TPMT_PUBLIC.type: expected a type of object at offset 0, or at offset 2 behind a size, found ${found}`,
    )
  }
  return inFile(name, () =>
    isSized(bytes)
      ? { bytes: bytes.subarray(2), value: decode(tpm2bPublic, bytes) }
      : { bytes, value: decode(tpmtPublic, bytes) },
  )
}
