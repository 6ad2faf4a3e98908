/**
 * TTLV, the binary form of KMIP messages: reading and writing with and without schemas, and a dump without secrets.
 * @module
 */
export type { DescribeOptions } from './describe.js'
export { describeItem } from './describe.js'
export { type EnumerationName, enumerations } from './enumerations.js'
export { type JsonForm, parseJson, printJson, toJsonForm } from './forms/json.js'
export type { LeafType, Scalar } from './forms/leaf.js'
export type { FormReadOptions } from './forms/node.js'
export { parseXml } from './forms/parse-xml.js'
export type { PrintOptions } from './forms/redact.js'
export { printTree } from './forms/tree.js'
export { printXml } from './forms/xml.js'
export { createFrameAssembler, type FrameAssembler } from './frame-assembler.js'
export { anyItem, type BigIntegerValue, type ItemValues, item, type TtlvItem } from './item.js'
export { type ItemType, itemTypes, typeSet } from './item-type.js'
export type { Infer, Kind } from './kind.js'
export {
  bigInteger,
  boolean,
  bytes,
  dateTime,
  dateTimeExtended,
  type Enumerated,
  either,
  enumeration,
  integer,
  interval,
  longInteger,
  secret,
  text,
} from './kinds.js'
export type { Strictness, TtlvReadOptions } from './limits.js'
export {
  decodeItem,
  decodeItems,
  decodeMessage,
  describeMessage,
  encodeItem,
  encodeMessage,
  messageHeaderLength,
  messageLength,
} from './message.js'
export { type MaskName, maskBits } from './registry/masks.js'
export { tagVersions, valueVersions } from './registry/ranges.js'
export {
  dependent,
  type Field,
  type Fields,
  many,
  maybe,
  one,
  type Siblings,
  type StructureKind,
  type StructureValue,
  structure,
  type UnknownItem,
} from './structure.js'
export { type KindsByTag, type TaggedValue, taggedList } from './tagged-list.js'
export { type TagName, tagName, tags } from './tags.js'
export {
  isAtLeast,
  isKmipVersion,
  isWithin,
  type KmipVersion,
  kmipVersions,
  type VersionRange,
} from './version.js'
