import {
  AsnArray,
  AsnIntegerArrayBufferConverter,
  AsnParser,
  AsnProp,
  AsnPropTypes,
  AsnSerializer,
  AsnType,
  AsnTypeTypes,
  BitString,
  OctetString,
} from '@peculiar/asn1-schema'
import { equalBytes } from '../bytes/index.js'
import { isTrustholdError } from '../errors/index.js'
import { checkDer, type DerDeviation, Tag } from './der.js'
import { refuse } from './failure.js'

/** A type of asn1-schema: one of asn1-x509's, or one of `syntax.ts`. */
export type Asn1Type<T> = new () => T

/** What a type decodes to. */
export type Asn1Value<T> = T extends Asn1Type<infer V> ? V : never

/** An element that the library has parsed and not yet taken for anything. */
export type Asn1Element = Parameters<typeof AsnParser.fromASN>[0]

/** A field as asn1-schema describes it, and the type of its values. */
type Field<T> = Parameters<typeof AsnProp>[0] & { readonly value?: () => T }
type Fields = Readonly<Record<string, Field<unknown>>>
type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** A value of this type. */
export const of = <T>(type: Asn1Type<T>): Field<T> => ({ type })
export const octets = of(OctetString)
export const bits: Field<BitString> = { type: BitString }
export const boolean: Field<boolean> = { type: AsnPropTypes.Boolean }
export const oid: Field<string> = { type: AsnPropTypes.ObjectIdentifier }
/** An INTEGER that is a number when it has up to three octets. */
export const smallInteger: Field<number | string> = { type: AsnPropTypes.Integer }
/** An INTEGER of any length, as its content. */
export const integer: Field<ArrayBuffer> = {
  type: AsnPropTypes.Integer,
  converter: AsnIntegerArrayBufferConverter,
}
/** Keeps an element as it is, and writes it without looking into it. */
const anything = {
  type: AsnPropTypes.Any,
  converter: {
    fromASN: (received: Asn1Element) => received,
    toASN({ idBlock, lenBlock, valueBeforeDecodeView }: Asn1Element) {
      const header = idBlock.blockLength + lenBlock.blockLength
      const written = new OctetString(valueBeforeDecodeView.subarray(header)).toASN()
      const { tagClass, tagNumber, isConstructed } = idBlock
      Object.assign(written.idBlock, { tagClass, tagNumber, isConstructed })
      return written
    },
  },
}

/** Whatever it is: {@link decodeElement} reads it later, under its own name. */
export const element: Field<Asn1Element> = anything
/** A SET OF whatever it is. */
export const elementSet: Field<readonly Asn1Element[]> = { ...anything, repeated: 'set' }

/** OPTIONAL, and also DEFAULT: whether a default was written out is kept so. */
export const optional = <T>(field: Field<T>): Field<T | undefined> => ({ ...field, optional: true })
export const explicit = <T>(context: number, field: Field<T>): Field<T> => ({ ...field, context })
export const implicit = <T>(context: number, field: Field<T>): Field<T> => ({
  ...field,
  context,
  implicit: true,
})

/** Describes a SEQUENCE by its fields, in their order. */
export function sequence<F extends Fields>(fields: F): Asn1Type<Values<F>> {
  class Described {}
  for (const [name, field] of Object.entries(fields)) AsnProp(field)(Described.prototype, name)
  return Described as Asn1Type<Values<F>>
}

/** Describes a CHOICE by its alternatives. */
export function choice<F extends Fields>(alternatives: F): Asn1Type<Values<F>> {
  const type = sequence(alternatives)
  AsnType({ type: AsnTypeTypes.Choice })(type)
  return type
}

/** Describes a SEQUENCE OF. */
export function listOf<T>(itemType: Asn1Type<T>): Asn1Type<AsnArray<T>> {
  class Described extends AsnArray<T> {}
  AsnType({ type: AsnTypeTypes.Sequence, itemType })(Described)
  return Described
}

/** DER of an open type as asn1-schema reads it, which makes null of NULL. */
export function openBytes(value: ArrayBuffer | null): Uint8Array {
  return value === null ? Uint8Array.of(Tag.null, 0) : new Uint8Array(value)
}

/** The element as received. */
export const receivedBytes = ({ valueBeforeDecodeView }: Asn1Element): Uint8Array => valueBeforeDecodeView

/**
 * What stands inside octet and bit strings is not parsed on the way. The limit of elements, some hundred bytes of memory
 * each, is for bundles: a certificate has about seventy.
 */
const options = { berOptions: { parseEmbedded: false, maxNodes: 400_000 } }

/**
 * Decodes one DER value. The library reads it; it is lenient, so that the bytes are checked to be DER first, and what
 * it understood, encoded again, must be the bytes that came: nothing that it skips, drops or bends goes through.
 * @param deviations receives the departures from DER that were let pass
 * @throws CERTIFICATE_INVALID with this path
 */
export function decodeDer<T>(
  bytes: Uint8Array,
  type: Asn1Type<T>,
  path: string,
  deviations?: Set<DerDeviation>,
): T {
  checkDer(bytes, path, deviations)
  return faithfully(bytes, path, () => AsnParser.parse(bytes, type, options))
}

/**
 * Decodes an element of a value that {@link decodeDer} has read, under the same demands.
 * @throws CERTIFICATE_INVALID with this path
 */
export function decodeElement<T>(received: Asn1Element, type: Asn1Type<T>, path: string): T {
  return faithfully(receivedBytes(received), path, () => AsnParser.fromASN(received, type, options))
}

/**
 * DER of a value.
 * @param value of a type of asn1-schema
 */
export function encodeDer(value: unknown): Uint8Array {
  return new Uint8Array(AsnSerializer.serialize(value))
}

function faithfully<T>(received: Uint8Array, path: string, read: () => T): T {
  try {
    const value = read()
    const written = encodeDer(value)
    if (equalBytes(received, written)) return value
    const surplus = received[0] === Tag.sequence && received.length > written.length
    refuse(path, surplus ? 'no further elements' : 'the one encoding of its value', 'other bytes')
  } catch (error) {
    if (isTrustholdError(error)) throw error
    // The library fails in many ways, none of them typed: all mean that this is not what it should be.
    refuse(path, 'a value of its type', 'another one')
  }
}
