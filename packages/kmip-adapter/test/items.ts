import { SecretBytes } from '@trusthold/core/bytes'
import { enumerations, item, type TagName, type TtlvItem, tags } from '../src/ttlv/index.js'

/** A structure of items. */
export const S = (tag: TagName, ...items: TtlvItem[]): TtlvItem => item(tags[tag], 'Structure', items)
/** A Text String. */
export const T = (tag: TagName, value: string): TtlvItem => item(tags[tag], 'TextString', value)
/** An Integer. */
export const I = (tag: TagName, value: number): TtlvItem => item(tags[tag], 'Integer', value)
/** A Long Integer. */
export const L = (tag: TagName, value: bigint): TtlvItem => item(tags[tag], 'LongInteger', value)
/** A Big Integer. */
export const N = (tag: TagName, number: bigint, width = 8): TtlvItem =>
  item(tags[tag], 'BigInteger', { number, width })
/** A Byte String of these bytes. */
export const B = (tag: TagName, ...bytes: number[]): TtlvItem =>
  item(tags[tag], 'ByteString', Uint8Array.from(bytes))
/** A Boolean. */
export const O = (tag: TagName, value: boolean): TtlvItem => item(tags[tag], 'Boolean', value)
/** A Date-Time. */
export const D = (tag: TagName, value: bigint): TtlvItem => item(tags[tag], 'DateTime', value)
/** An Interval. */
export const V = (tag: TagName, value: number): TtlvItem => item(tags[tag], 'Interval', value)
/** An Enumeration: a number, or the name of a value of the enumeration that has the tag's name, or of `of`. */
export const E = (tag: TagName, value: string | number, of: string = tag): TtlvItem => {
  const tables = enumerations as Readonly<Record<string, Readonly<Record<string, number>>>>
  const number = typeof value === 'number' ? value : tables[of]?.[value]
  if (number === undefined) throw new Error(`${of} has no ${value}`)
  return item(tags[tag], 'Enumeration', number)
}

/** Bytes that are a secret. */
export const secret = (...bytes: number[]): SecretBytes => SecretBytes.take(Uint8Array.from(bytes))
/** Bytes that are not. */
export const plain = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

/** A Text String of a vendor's own tag. */
export const item54 = (value: string): TtlvItem => item(0x54_0001, 'TextString', value)
