import { SecretBytes } from '@trusthold/core/bytes'
import { isWide, readBigInteger, writeBigInteger } from './big-integer.js'
import { type EnumerationName, type enumerations, valueNames } from './enumerations.js'
import { rejectRead } from './failure.js'
import type { Frame } from './frame.js'
import { typeSet } from './item-type.js'
import type { Kind } from './kind.js'
import { valueVersions } from './registry/ranges.js'
import { readUtf8, replaceUtf8 } from './text.js'
import { kmipVersions, spanOf, type VersionSpan } from './version.js'
import type { TtlvWriter } from './writer.js'

const maxInt32 = 0x7fff_ffff
const maxUint32 = 0xffff_ffff

function requireInteger(writer: TtlvWriter, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    writer.reject(`an integer of ${min} to ${max}`, typeof value === 'number' ? String(value) : typeof value)
  }
}

function requireInt64(writer: TtlvWriter, value: bigint): void {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
    writer.reject('a bigint of 64 bits, signed', typeof value === 'bigint' ? 'a larger one' : typeof value)
  }
}

/** Integer: 32 bits, signed. Masks are of this type; their highest bit makes them negative. */
export const integer: Kind<number> = {
  types: typeSet('Integer'),
  read: (frame, _type, at) => frame.view.getInt32(at),
  write(writer, tag, value) {
    requireInteger(writer, value, -maxInt32 - 1, maxInt32)
    writer.word(tag, 'Integer', value)
  },
}

/** Interval: seconds, 32 bits, unsigned. */
export const interval: Kind<number> = {
  types: typeSet('Interval'),
  read: (frame, _type, at) => frame.view.getUint32(at),
  write(writer, tag, value) {
    requireInteger(writer, value, 0, maxUint32)
    writer.word(tag, 'Interval', value)
  },
}

function signed64(type: 'LongInteger' | 'DateTime' | 'DateTimeExtended'): Kind<bigint> {
  return {
    types: typeSet(type),
    read: (frame, _type, at) => frame.view.getBigInt64(at),
    write(writer, tag, value) {
      requireInt64(writer, value)
      writer.long(tag, type, value)
    },
  }
}

/** Long Integer: 64 bits, signed. */
export const longInteger: Kind<bigint> = signed64('LongInteger')
/** Date-Time: seconds since 1970-01-01T00:00:00Z. */
export const dateTime: Kind<bigint> = signed64('DateTime')
/** Date-Time Extended: microseconds since 1970-01-01T00:00:00Z. KMIP 2.0 and later. */
export const dateTimeExtended: Kind<bigint> = signed64('DateTimeExtended')

/** Reads a Big Integer of the length that its header gives. */
export function readSigned(frame: Frame, at: number, length: number): bigint {
  if (!frame.limits.acceptWideIntegers && isWide(frame.bytes, at, length)) {
    rejectRead(at, 'a BigInteger in as few bytes as may be', String(length))
  }
  return readBigInteger(frame.bytes, at, length)
}

/** Big Integer: signed, of any length. */
export const bigInteger: Kind<bigint> = {
  types: typeSet('BigInteger'),
  read: (frame, _type, at, length) => readSigned(frame, at, length),
  write(writer, tag, value) {
    if (typeof value !== 'bigint') writer.reject('a bigint', typeof value)
    writer.bytes(tag, 'BigInteger', writeBigInteger(value))
  },
}

/** Boolean. */
export const boolean: Kind<boolean> = {
  types: typeSet('Boolean'),
  read(frame, _type, at) {
    const high = frame.view.getUint32(at)
    const low = frame.view.getUint32(at + 4)
    if (high === 0 && low <= 1) return low === 1
    if (!frame.limits.acceptBooleans) rejectRead(at, '0 or 1 as a Boolean', 'another value')
    return true
  },
  write(writer, tag, value) {
    if (typeof value !== 'boolean') writer.reject('a boolean', typeof value)
    writer.long(tag, 'Boolean', value ? 1n : 0n)
  },
}

/** Text String. */
export const text: Kind<string> = {
  types: typeSet('TextString'),
  read(frame, _type, at, length) {
    const value = readUtf8(frame.bytes, at, at + length)
    if (value !== undefined) return value
    if (!frame.limits.acceptAnyText) rejectRead(at, 'UTF-8', 'bytes that are not')
    return replaceUtf8(frame.bytes, at, at + length)
  },
  write(writer, tag, value) {
    if (typeof value !== 'string') writer.reject('a text', typeof value)
    writer.text(tag, value)
  },
}

/** Byte String that is not secret. */
export const bytes: Kind<Uint8Array> = {
  types: typeSet('ByteString'),
  read: (frame, _type, at, length) => frame.bytes.slice(at, at + length),
  write(writer, tag, value) {
    if (!(value instanceof Uint8Array)) writer.reject('bytes', typeof value)
    writer.bytes(tag, 'ByteString', value)
  },
}

/** Byte String that is secret, such as key material. */
export const secret: Kind<SecretBytes> = {
  types: typeSet('ByteString'),
  read: (frame, _type, at, length) => SecretBytes.take(frame.bytes.slice(at, at + length)),
  write(writer, tag, value) {
    if (!(value instanceof SecretBytes)) writer.reject('secret bytes', typeof value)
    value.use((plain) => writer.bytes(tag, 'ByteString', plain))
  },
}

/** A value of an enumeration: its name, or its number when the registry has no name for it. */
export type Enumerated<E extends EnumerationName> = keyof (typeof enumerations)[E] | number

/** An answer repeats the operation that was asked for and says why it failed, whether or not the version has it. */
const inEveryVersion: ReadonlySet<EnumerationName> = new Set(['Operation', 'ResultReason'])

/** The values that not every version has. */
function gatedValues(name: EnumerationName): ReadonlyMap<number, VersionSpan> {
  const spans = [...valueNames(name).keys()].map(
    (value) => [value, spanOf(valueVersions(name, value))] as const,
  )
  return new Map(spans.filter(([, { first, last }]) => first > 0 || last < kmipVersions.length - 1))
}

/**
 * Enumeration. A number that has no name stays a number, so that it survives a round trip. A name is written only for
 * versions that have it, but for operations and reasons, which answers repeat.
 */
export function enumeration<const E extends EnumerationName>(name: E): Kind<Enumerated<E>> {
  const spans = inEveryVersion.has(name) ? new Map<number, VersionSpan>() : gatedValues(name)
  const names = valueNames(name)
  const numbers = new Map<unknown, number>([...names].map(([number, value]) => [value, number]))
  return {
    types: typeSet('Enumeration'),
    read(frame: Frame, _type, at) {
      const value = frame.view.getUint32(at)
      return (names.get(value) ?? value) as Enumerated<E>
    },
    write(writer, tag, value) {
      const named = numbers.get(value) ?? value
      if (typeof named !== 'number') return writer.reject(`a value of ${name}`, String(value))
      requireInteger(writer, named, 0, maxUint32)
      const span = value === named ? undefined : spans.get(named)
      if (span !== undefined) writer.require(span, String(value))
      writer.word(tag, 'Enumeration', named)
    },
  }
}

/**
 * One of two kinds that read different types of item.
 * @param isFirst tells a value of the first kind from one of the second
 */
export function either<A, B>(
  first: Kind<A>,
  second: Kind<B>,
  isFirst: (value: A | B) => value is A,
): Kind<A | B> {
  return {
    types: first.types | second.types,
    read(frame, type, at, length) {
      const kind = ((first.types >> type) & 1) === 1 ? first : second
      return kind.read(frame, type, at, length)
    },
    write(writer, tag, value) {
      if (isFirst(value)) first.write(writer, tag, value)
      else second.write(writer, tag, value)
    },
  }
}
