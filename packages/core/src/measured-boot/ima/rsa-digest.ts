import { constants, type KeyObject, publicDecrypt } from 'node:crypto'

/**
 * Verifies an RSASSA-PKCS1-v1_5 signature over a digest: a list has no file that node:crypto could hash. Raises it to the
 * public exponent and compares all of the encoded message with what it has to be. RFC 8017, sections 8.2.2 and 9.2.
 * @param key RSA
 * @param oid content of the hash algorithm's object identifier in DER; hexadecimal
 */
export function verifyRsaDigest(
  key: KeyObject,
  oid: string,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const length = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  if (signature.length !== length) return false
  const identifier = Buffer.from(oid, 'hex')
  const algorithm = derOf(0x30, derOf(0x06, identifier), derOf(0x05))
  const info = derOf(0x30, algorithm, derOf(0x04, digest))
  const padding = Buffer.alloc(length - info.length - 3, 0xff)
  const expected = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), info])
  try {
    return publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature).equals(expected)
  } catch {
    // The number is not below the modulus.
    return false
  }
}

/** A DER element of less than 128 bytes. */
function derOf(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag, content.length), content])
}
