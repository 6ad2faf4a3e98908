import { fromHex, toHex } from '@trusthold/core/bytes'
import { readBigInteger, writeBigInteger } from '../big-integer.js'
import type { ItemValues } from '../item.js'
import type { ItemType } from '../item-type.js'
import {
  formatEnumeration,
  formatMask,
  parseEnumerationName,
  parseMask,
  toHexNumber,
} from './number-names.js'
import type { Scope } from './scope.js'
import { formatTime, parseTime } from './times.js'

/** What a value is in JSON. XML has texts only. */
export type Scalar = string | number | boolean

/** How the values of one type look in JSON and XML. KMIP Profiles 2.1, sections 5.4.1 and 5.5.1. */
export interface LeafForm<T> {
  /** What a reader of it takes, for errors. */
  readonly expected: string
  toJson(value: T, scope: Scope): Scalar
  toXml(value: T, scope: Scope): string
  /** Reads either form; undefined for what is none. */
  parse(scalar: Scalar, scope: Scope): T | undefined
}

/** As many digits as 64 bits need; longer ones would take long to read. */
const decimal = /^-?(?:0|[1-9]\d{0,19})$/

/** A whole number from JSON, in decimal or in hexadecimal of at most so many digits. */
function parseWhole(scalar: Scalar, digits: number): bigint | undefined {
  // Above, JSON numbers are no longer exact.
  if (typeof scalar === 'number') return Number.isSafeInteger(scalar) ? BigInt(scalar) : undefined
  const text = String(scalar)
  const isHex = text.length <= digits + 2 && /^0x[0-9a-f]+$/i.test(text)
  return isHex || decimal.test(text) ? BigInt(text) : undefined
}

const isHexText = (scalar: Scalar): boolean => typeof scalar === 'string' && /^0x/i.test(scalar)

/** Signed numbers of so many bits: hexadecimal is their two's complement. */
function parseSigned(scalar: Scalar, bits: 32 | 64): bigint | undefined {
  const value = parseWhole(scalar, bits / 4)
  if (value === undefined) return undefined
  if (isHexText(scalar)) return BigInt.asIntN(bits, value)
  return BigInt.asIntN(bits, value) === value ? value : undefined
}

function parseUint32(scalar: Scalar): number | undefined {
  const value = parseWhole(scalar, 8)
  return value === undefined || BigInt.asUintN(32, value) !== value ? undefined : Number(value)
}

const toHex64 = (value: bigint): string => toHexNumber(BigInt.asUintN(64, value), 16)

const integer: LeafForm<number> = {
  expected: 'an integer of 32 bits, or names of bits',
  toJson: (value, scope) => formatMask(value, scope, '|') ?? value,
  toXml: (value, scope) => formatMask(value, scope, ' ') ?? String(value),
  parse(scalar, scope) {
    const value = parseSigned(scalar, 32)
    if (value !== undefined) return Number(value)
    return typeof scalar === 'string' ? parseMask(scalar, scope) : undefined
  },
}

const longInteger: LeafForm<bigint> = {
  expected: 'an integer of 64 bits',
  toJson: toHex64,
  toXml: String,
  parse: (scalar) => parseSigned(scalar, 64),
}

function parseHex(digits: string): Uint8Array | undefined {
  return digits.length % 2 === 0 && !/[^0-9a-f]/i.test(digits) ? fromHex(digits) : undefined
}

const bigInteger: LeafForm<ItemValues['BigInteger']> = {
  expected: 'hexadecimal of a multiple of 16 digits',
  toJson: ({ number, width }) => `0x${toHex(writeBigInteger(number, width))}`,
  toXml: ({ number, width }) => toHex(writeBigInteger(number, width)),
  parse(scalar) {
    if (typeof scalar === 'number') {
      return Number.isSafeInteger(scalar) ? { number: BigInt(scalar), width: 8 } : undefined
    }
    const bytes = typeof scalar === 'string' ? parseHex(scalar.replace(/^0x/i, '')) : undefined
    if (bytes === undefined || bytes.length === 0 || bytes.length % 8 !== 0) return undefined
    return { number: readBigInteger(bytes, 0, bytes.length), width: bytes.length }
  },
}

const enumeration: LeafForm<number> = {
  expected: 'a name of the enumeration, or its number',
  toJson: formatEnumeration,
  toXml: formatEnumeration,
  parse(scalar, scope) {
    const value = parseUint32(scalar)
    if (value !== undefined || typeof scalar !== 'string') return value
    return parseEnumerationName(scalar, scope)
  },
}

const booleans: ReadonlyMap<Scalar, boolean> = new Map<Scalar, boolean>([
  [true, true],
  [false, false],
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  ['0x0000000000000001', true],
  ['0x0000000000000000', false],
])

const boolean: LeafForm<boolean> = {
  expected: 'true or false',
  toJson: (value) => value,
  toXml: String,
  parse: (scalar) => booleans.get(scalar),
}

const textString: LeafForm<string> = {
  expected: 'a text of well-formed Unicode',
  toJson: (value) => value,
  toXml: (value) => value,
  parse: (scalar) => (typeof scalar === 'string' && !/\p{Surrogate}/u.test(scalar) ? scalar : undefined),
}

const byteString: LeafForm<Uint8Array> = {
  expected: 'hexadecimal of an even number of digits',
  toJson: toHex,
  toXml: toHex,
  parse: (scalar) => (typeof scalar === 'string' ? parseHex(scalar) : undefined),
}

const dateTime: LeafForm<bigint> = {
  expected: 'a time as ISO 8601 has it, with its offset from UTC',
  toJson: (value) => formatTime(value) ?? toHex64(value),
  toXml: (value) => formatTime(value) ?? toHex64(value),
  parse(scalar) {
    if (isHexText(scalar)) return parseSigned(scalar, 64)
    const moment = typeof scalar === 'string' ? parseTime(scalar) : undefined
    return moment?.microseconds === 0n ? moment.seconds : undefined
  },
}

const million = 1_000_000n

function formatExtended(value: bigint): string {
  const microseconds = ((value % million) + million) % million
  return formatTime((value - microseconds) / million, microseconds) ?? toHex64(value)
}

const dateTimeExtended: LeafForm<bigint> = {
  expected: 'a time as ISO 8601 has it, with microseconds and its offset from UTC',
  toJson: formatExtended,
  toXml: formatExtended,
  parse(scalar) {
    if (isHexText(scalar)) return parseSigned(scalar, 64)
    const moment = typeof scalar === 'string' ? parseTime(scalar) : undefined
    return moment && moment.seconds * million + moment.microseconds
  },
}

const interval: LeafForm<number> = {
  expected: 'seconds of 32 bits',
  toJson: (value) => value,
  toXml: String,
  parse: parseUint32,
}

/** A type of item that holds no items. */
export type LeafType = Exclude<ItemType, 'Structure'>

/** The forms of each type's values. */
export const leafForms: { readonly [T in LeafType]: LeafForm<ItemValues[T]> } = {
  Integer: integer,
  LongInteger: longInteger,
  BigInteger: bigInteger,
  Enumeration: enumeration,
  Boolean: boolean,
  TextString: textString,
  ByteString: byteString,
  DateTime: dateTime,
  DateTimeExtended: dateTimeExtended,
  Interval: interval,
}
