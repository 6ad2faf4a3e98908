import {
  type Attribute,
  type AttributeSet,
  type CustomAttribute,
  listAttributes,
  plainName,
  type UsageBit,
  usageMask,
} from '../protocol/index.js'
import { type Enumerated, item, type TtlvItem, tags } from '../ttlv/index.js'

/** What most new objects are given; anything else goes into `attributes`. */
export interface ObjectDescription {
  /** A name for it. Most servers do not mind two objects of one name. */
  readonly name?: string
  /** What it may be used for. */
  readonly usage?: readonly UsageBit[]
  /** Further attributes. */
  readonly attributes?: AttributeSet
}

/** What new keys are given besides. */
export interface KeyDescription extends ObjectDescription {
  /** KMIP's name, such as `AES`. */
  readonly algorithm?: Exclude<Enumerated<'CryptographicAlgorithm'>, number>
  /** Length in bits. */
  readonly length?: number
}

/** The attributes of a description, in the order in which most clients send them. */
export function describedAttributes(description: KeyDescription): readonly Attribute[] {
  const { algorithm, length, usage, name, attributes = {} } = description
  const list: Attribute[] = []
  if (algorithm !== undefined) list.push({ name: 'CryptographicAlgorithm', value: algorithm })
  if (length !== undefined) list.push({ name: 'CryptographicLength', value: length })
  if (usage !== undefined) list.push({ name: 'CryptographicUsageMask', value: usageMask(usage) })
  if (name !== undefined) list.push({ name: 'Name', value: plainName(name) })
  return [...list, ...listAttributes(attributes)]
}

/** A value that an attribute of one's own can have: text, whole number, yes or no, time, bytes. */
export type CustomValue = string | number | bigint | boolean | Date | Uint8Array

function toItem(value: CustomValue): TtlvItem {
  const tag = tags.AttributeValue
  if (typeof value === 'string') return item(tag, 'TextString', value)
  if (typeof value === 'number') return item(tag, 'Integer', value)
  if (typeof value === 'bigint') return item(tag, 'LongInteger', value)
  if (typeof value === 'boolean') return item(tag, 'Boolean', value)
  if (value instanceof Date) return item(tag, 'DateTime', BigInt(Math.floor(value.getTime() / 1000)))
  return item(tag, 'ByteString', value)
}

/**
 * An attribute of one's own.
 * @param title with `x-` in front, such as `x-Product`
 */
export function customAttribute(title: `x-${string}`, value: CustomValue): CustomAttribute {
  return { name: 'Custom', vendor: 'x', title: title.slice(2), value: toItem(value) }
}
