import { fromHex, toHex } from '@trusthold/core/bytes'

/** The number that a big-endian two's complement of `length` bytes stands for; 0 for none. */
export function readBigInteger(bytes: Uint8Array, at: number, length: number): bigint {
  if (length === 0) return 0n
  const unsigned = BigInt(`0x${toHex(bytes.subarray(at, at + length))}`)
  return BigInt.asIntN(length * 8, unsigned)
}

/** Whether a number of more than eight bytes would fit in eight less: its first 65 bits are all the same. */
export function isWide(bytes: Uint8Array, at: number, length: number): boolean {
  if (length <= 8) return false
  const sign = ((bytes[at + 8] as number) & 0x80) === 0 ? 0 : 0xff
  for (let i = at; i < at + 8; i++) if (bytes[i] !== sign) return false
  return true
}

/**
 * Big-endian two's complement, extended on the left to a multiple of eight bytes. KMIP 2.1, section 9.1.1.4.
 * @param width least length in bytes, a multiple of 8
 */
export function writeBigInteger(value: bigint, width = 8): Uint8Array {
  let length = width
  const magnitude = value < 0n ? ~value : value
  const needed = Math.ceil((magnitude.toString(16).length * 4 + 1) / 64) * 8
  if (needed > length) length = needed
  // toString counts whole hexadecimal digits; the last eight bytes may turn out to be the sign only.
  if (length > width && BigInt.asIntN((length - 8) * 8, value) === value) length -= 8
  const unsigned = BigInt.asUintN(length * 8, value)
  return fromHex(unsigned.toString(16).padStart(length * 2, '0'))
}
