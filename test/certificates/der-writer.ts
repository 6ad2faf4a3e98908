// Writes DER, also wrongly: what the tests need to make certificates that no tool would make.
import { concatBytes, fromHex } from '@trusthold/core/bytes'

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts)
  return concatBytes(Uint8Array.of(tag, ...lengthOctets(content.length)), content)
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets = fromHex(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'))
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]) => tlv(0x31, ...parts)
export const octetString = (content: Uint8Array) => tlv(0x04, content)
export const bitString = (content: Uint8Array, unused = 0) => tlv(0x03, Uint8Array.of(unused), content)
export const nothing = tlv(0x05)
export const boolean = (value: boolean) => tlv(0x01, Uint8Array.of(value ? 0xff : 0))
export const text = (value: string, tag = 0x0c) => tlv(tag, Buffer.from(value))
export const explicit = (n: number, ...parts: readonly Uint8Array[]) => tlv(0xa0 | n, ...parts)
export const implicit = (n: number, content: Uint8Array) => tlv(0x80 | n, content)

export function integer(value: bigint | number): Uint8Array {
  const hex = BigInt(value).toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return tlv(0x02, fromHex(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even))
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...more] = dotted.split('.').map(Number)
  const arc = (value: number): number[] => {
    const octets = [value % 128]
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
      octets.unshift((left % 128) | 0x80)
    return octets
  }
  return tlv(0x06, Uint8Array.from([first * 40 + second, ...more].flatMap(arc)))
}

/** A time as RFC 5280 wants it: two-digit years up to 2049. */
export function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? text(digits.slice(2), 0x17) : text(digits, 0x18)
}
