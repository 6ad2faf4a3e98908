import { concatBytes } from '@trusthold/core/bytes'

/** A DER value: tag, length, content. ITU-T X.690. */
export function derValue(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const inside = concatBytes(...content)
  const { length } = inside
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concatBytes(Uint8Array.of(tag, ...size), inside)
}

/** SEQUENCE. */
export const sequence = (...content: readonly Uint8Array[]): Uint8Array => derValue(0x30, ...content)
/** SET. */
export const set = (...content: readonly Uint8Array[]): Uint8Array => derValue(0x31, ...content)
/** A value with a context-specific, constructed tag. */
export const explicit = (tag: number, ...content: readonly Uint8Array[]): Uint8Array =>
  derValue(0xa0 | tag, ...content)
/** BOOLEAN TRUE. */
export const yes: Uint8Array = Uint8Array.of(0x01, 0x01, 0xff)
/** OCTET STRING. */
export const octets = (...content: readonly Uint8Array[]): Uint8Array => derValue(0x04, ...content)
/** BIT STRING of whole bytes. */
export const bits = (content: Uint8Array): Uint8Array => derValue(0x03, Uint8Array.of(0), content)
/** UTF8String. */
export const text = (value: string): Uint8Array => derValue(0x0c, new TextEncoder().encode(value))

/** A non-negative INTEGER, from its big-endian bytes. */
export function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0)
  const significant = first === -1 ? Uint8Array.of(0) : magnitude.subarray(first)
  return derValue(0x02, (significant[0] ?? 0) < 0x80 ? new Uint8Array() : Uint8Array.of(0), significant)
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** OBJECT IDENTIFIER. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return derValue(0x06, Uint8Array.from([first * 40 + second, ...others].flatMap(base128)))
}

/** BIT STRING of named bits (KeyUsage), the last of which ends the string. */
export function namedBits(...positions: readonly number[]): Uint8Array {
  const highest = Math.max(...positions)
  const map = new Uint8Array((highest >> 3) + 1)
  for (const position of positions) map[position >> 3] = (map[position >> 3] ?? 0) | (0x80 >> (position & 7))
  return derValue(0x03, Uint8Array.of(7 - (highest & 7)), map)
}

/** Time of a certificate: UTCTime to 2049, GeneralizedTime after. RFC 5280, section 4.1.2.5. */
export function time(date: Date): Uint8Array {
  const digits = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`
  const early = date.getUTCFullYear() < 2050
  return derValue(early ? 0x17 : 0x18, new TextEncoder().encode(early ? digits.slice(2) : digits))
}
