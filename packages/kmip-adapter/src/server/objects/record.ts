import {
  attribute,
  attributes,
  attributeTitle,
  objectFields,
  objectOf,
  toObjectFields,
} from '../../protocol/index.js'
import {
  decodeMessage,
  encodeMessage,
  enumeration,
  type Infer,
  many,
  maybe,
  one,
  type StructureKind,
  structure,
  text,
} from '../../ttlv/index.js'
import type { HeldObject, ObjectTypeName } from './held-object.js'

const recordDef = structure('RequestPayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  objectType: one('ObjectType', enumeration('ObjectType')),
  /** With their indexes, in the form of KMIP 1.x. */
  attribute: many('Attribute', attribute),
  /** Those that 1.x has no title for. */
  attributes: maybe('Attributes', attributes),
  ...objectFields,
})
/** An object in the store: KMIP's own form, much like a request to import it. */
interface Record extends Infer<typeof recordDef> {}
const record: StructureKind<Record> = recordDef

/** An object as bytes for the store. They hold key material: the caller wipes them. */
export function writeRecord({ id, objectType, attributes: list, content }: HeldObject): Uint8Array {
  const titled = list.filter((entry) => attributeTitle(entry) !== undefined)
  const untitled = list.filter((entry) => attributeTitle(entry) === undefined)
  return encodeMessage(record, {
    uniqueIdentifier: id,
    objectType,
    attribute: titled,
    ...(untitled.length === 0 ? {} : { attributes: untitled }),
    ...(content === undefined ? {} : toObjectFields(content)),
  })
}

/**
 * Reads what {@link writeRecord} wrote.
 * @throws CODEC errors
 */
export function readRecord(bytes: Uint8Array): HeldObject {
  const read = decodeMessage(record, bytes, { maxBytes: 2 ** 30 })
  const content = objectOf(read)
  return {
    id: read.uniqueIdentifier,
    objectType: read.objectType as ObjectTypeName,
    attributes: [...(read.attribute ?? []), ...(read.attributes ?? [])],
    ...(content === undefined ? {} : { content }),
  }
}
