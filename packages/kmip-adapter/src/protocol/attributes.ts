import {
  anyItem,
  dependent,
  type Infer,
  integer,
  isAtLeast,
  type Kind,
  type KmipVersion,
  maybe,
  one,
  structure,
  type TtlvItem,
  taggedList,
  tags,
  text,
  type UnknownItem,
} from '../ttlv/index.js'
import {
  type AttributeName,
  type AttributeTable,
  attributeNamed,
  attributeTable,
  hasAttribute,
} from './attribute-table.js'

/** The type of an attribute's value. */
export type AttributeValue<N extends AttributeName> = Infer<AttributeTable[N]['kind']>

type StandardAttribute = {
  [N in AttributeName]: {
    readonly name: N
    readonly value: AttributeValue<N>
    /** KMIP 1.x only: which one of several, from 0. */
    readonly index?: number
    readonly unknown?: readonly UnknownItem[]
  }
}[AttributeName]

/**
 * An attribute of a user's or vendor's own. In KMIP 1.x it is `x-` or `y-` and the title, where x stands for clients
 * and y for the server; since 2.0 these are the vendors `x` and `y` among any others.
 */
export interface CustomAttribute {
  readonly name: 'Custom'
  readonly vendor: string
  readonly title: string
  /** KMIP 1.x only: which one of several, from 0. */
  readonly index?: number
  /** An item of tag Attribute Value. */
  readonly value: TtlvItem
  readonly unknown?: readonly UnknownItem[]
}

/** An attribute that the standard does not have. */
export interface OtherAttribute {
  readonly name: 'Other'
  /** Its name in KMIP 1.x; in 2.x the item's tag says it. */
  readonly title?: string
  readonly index?: number
  readonly value: TtlvItem
  readonly unknown?: readonly UnknownItem[]
}

/** One attribute, whatever its form on the wire. Narrows on `name`. */
export type Attribute = StandardAttribute | CustomAttribute | OtherAttribute

const foreignValue = anyItem(tags.AttributeValue)

const attributeDef = structure('Attribute', {
  attributeName: one('AttributeName', text),
  attributeIndex: maybe('AttributeIndex', integer),
  attributeValue: dependent('AttributeValue', ({ attributeName }): Kind<unknown> => {
    const known = attributeNamed(attributeName)
    return known === undefined ? foreignValue : attributeTable[known].kind
  }),
})

const customTitle = /^(?<vendor>[xy])-(?<title>.*)$/s

/** How KMIP 1.x titles an attribute; undefined for one that it cannot title. */
export function attributeTitle(attribute: Attribute): string | undefined {
  if (attribute.name === 'Other') return attribute.title
  if (attribute.name !== 'Custom') return attributeTable[attribute.name]?.title
  const { vendor, title } = attribute
  return vendor === 'x' || vendor === 'y' ? `${vendor}-${title}` : undefined
}

function identify(title: string) {
  const known = attributeNamed(title)
  if (known !== undefined) return { name: known }
  const custom = customTitle.exec(title)?.groups
  return custom === undefined ? { name: 'Other', title } : { name: 'Custom', ...custom }
}

function isForeignTo(version: KmipVersion | undefined, { name }: Attribute): boolean {
  return version !== undefined && name !== 'Other' && name !== 'Custom' && !hasAttribute(version, name)
}

/** An attribute by its title, as KMIP 1.x has it. KMIP 1.4, section 2.1.1. */
export const attribute: Kind<Attribute> = {
  types: attributeDef.types,
  read(frame, type, at, length) {
    const read = attributeDef.read(frame, type, at, length)
    return {
      ...identify(read.attributeName),
      ...(read.attributeIndex === undefined ? {} : { index: read.attributeIndex }),
      value: read.attributeValue,
      ...(read.unknown === undefined ? {} : { unknown: read.unknown }),
    } as Attribute
  },
  write(writer, tag, value) {
    const title = attributeTitle(value)
    if (title === undefined) return writer.reject('an attribute with a title', String(value.name))
    if (isForeignTo(writer.version, value)) writer.reject(`an attribute of KMIP ${writer.version}`, title)
    const { index: attributeIndex, value: attributeValue, unknown } = value
    // Members that are undefined are not written; leaving them out would take twice as long.
    const members = { attributeName: title, attributeIndex, attributeValue, unknown }
    attributeDef.write(writer, tag, members as Infer<typeof attributeDef>)
  },
}

const customDef = structure('Attribute', {
  vendor: one('VendorIdentification', text),
  title: one('AttributeName', text),
  value: one('AttributeValue', foreignValue),
})

const custom: Kind<CustomAttribute> = {
  types: customDef.types,
  read: (frame, type, at, length) => ({ name: 'Custom', ...customDef.read(frame, type, at, length) }),
  write: (writer, tag, value) => customDef.write(writer, tag, value),
}

const list = taggedList({
  ...Object.fromEntries(Object.entries(attributeTable).map(([key, { kind }]) => [key, kind])),
  Attribute: custom,
})

/** Attributes by their tags, as KMIP 2.x has them. KMIP 2.1, section 4. */
export const attributes: Kind<readonly Attribute[]> = {
  types: list.types,
  read: (frame, type, at, length) =>
    list
      .read(frame, type, at, length)
      .map((entry) => (entry.name === 'Attribute' ? entry.value : entry) as Attribute),
  write(writer, tag, value) {
    const foreign = value.find((entry) => isForeignTo(writer.version, entry))
    if (foreign !== undefined) writer.reject(`an attribute of KMIP ${writer.version}`, foreign.name)
    list.write(
      writer,
      tag,
      value.map((entry) => (entry.name === 'Custom' ? { name: 'Attribute', value: entry } : entry)),
    )
  },
}

/** Whether a version has attributes by their tags, and no templates. */
export function hasTaggedAttributes(version: KmipVersion): boolean {
  return isAtLeast(version, '2.0')
}
