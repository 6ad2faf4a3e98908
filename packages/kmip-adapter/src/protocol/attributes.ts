import { TrustholdError } from '@trusthold/core/errors'
import {
  anyItem,
  boolean,
  dateTime,
  dependent,
  enumeration,
  type Infer,
  integer,
  interval,
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
import { name } from './names.js'

interface AttributeDefinition<T> {
  /** What KMIP 1.x calls it. */
  readonly title: string
  readonly kind: Kind<T>
  /** Whether an object can have several. */
  readonly many: boolean
}

const single = <T>(title: string, kind: Kind<T>) => ({ title, kind, many: false }) as const
const several = <T>(title: string, kind: Kind<T>) => ({ title, kind, many: true }) as const

/** The attributes whose values have a type here, by the names of their tags. KMIP 1.4, section 3. */
export const attributeTable = {
  UniqueIdentifier: single('Unique Identifier', text),
  Name: several('Name', name),
  ObjectType: single('Object Type', enumeration('ObjectType')),
  CryptographicAlgorithm: single('Cryptographic Algorithm', enumeration('CryptographicAlgorithm')),
  CryptographicLength: single('Cryptographic Length', integer),
  CryptographicUsageMask: single('Cryptographic Usage Mask', integer),
  OperationPolicyName: single('Operation Policy Name', text),
  LeaseTime: single('Lease Time', interval),
  State: single('State', enumeration('State')),
  InitialDate: single('Initial Date', dateTime),
  ActivationDate: single('Activation Date', dateTime),
  ProcessStartDate: single('Process Start Date', dateTime),
  ProtectStopDate: single('Protect Stop Date', dateTime),
  DeactivationDate: single('Deactivation Date', dateTime),
  DestroyDate: single('Destroy Date', dateTime),
  CompromiseOccurrenceDate: single('Compromise Occurrence Date', dateTime),
  CompromiseDate: single('Compromise Date', dateTime),
  ArchiveDate: single('Archive Date', dateTime),
  LastChangeDate: single('Last Change Date', dateTime),
  OriginalCreationDate: single('Original Creation Date', dateTime),
  ObjectGroup: several('Object Group', text),
  Fresh: single('Fresh', boolean),
  ContactInformation: single('Contact Information', text),
  Description: single('Description', text),
  Comment: single('Comment', text),
  Sensitive: single('Sensitive', boolean),
  AlwaysSensitive: single('Always Sensitive', boolean),
  Extractable: single('Extractable', boolean),
  NeverExtractable: single('Never Extractable', boolean),
} as const satisfies Readonly<Partial<Record<keyof typeof tags, AttributeDefinition<unknown>>>>

type Table = typeof attributeTable
/** The name of an attribute whose value has a type here. */
export type AttributeName = keyof Table
type ValueOf<N extends AttributeName> = Infer<Table[N]['kind']>

/** An attribute that the table does not have, such as a vendor's or a user's own (`x-...`). */
export interface OtherAttribute {
  readonly name: 'Other'
  /** Its name in KMIP 1.x; in 2.x the item's tag or its members say it. */
  readonly title?: string
  readonly index?: number
  readonly value: TtlvItem
  readonly unknown?: readonly UnknownItem[]
}

type TypedAttribute = {
  [N in AttributeName]: {
    readonly name: N
    readonly value: ValueOf<N>
    /** KMIP 1.x only: which one of several, from 0. */
    readonly index?: number
    readonly unknown?: readonly UnknownItem[]
  }
}[AttributeName]

/** One attribute, as it is on the wire in either form. Narrows on `name`. */
export type Attribute = TypedAttribute | OtherAttribute

const namesByTitle = new Map(Object.entries(attributeTable).map(([key, { title }]) => [title, key]))
const foreignValue = anyItem(tags.AttributeValue)

function kindOfTitle(title: unknown): Kind<unknown> {
  const known = namesByTitle.get(title as string)
  return known === undefined ? foreignValue : attributeTable[known as AttributeName].kind
}

const attributeDef = structure('Attribute', {
  attributeName: one('AttributeName', text),
  attributeIndex: maybe('AttributeIndex', integer),
  attributeValue: dependent('AttributeValue', (siblings) => kindOfTitle(siblings['attributeName'])),
})

/** An attribute by its title, as KMIP 1.x has it. KMIP 1.4, section 2.1.1. */
export const attribute: Kind<Attribute> = {
  types: attributeDef.types,
  read(frame, type, at, length) {
    const { attributeName, attributeIndex, attributeValue, unknown } = attributeDef.read(
      frame,
      type,
      at,
      length,
    )
    const known = namesByTitle.get(attributeName)
    return {
      name: known ?? 'Other',
      ...(known === undefined ? { title: attributeName } : {}),
      ...(attributeIndex === undefined ? {} : { index: attributeIndex }),
      value: attributeValue,
      ...(unknown === undefined ? {} : { unknown }),
    } as Attribute
  },
  write(writer, tag, value) {
    const title = value.name === 'Other' ? value.title : attributeTable[value.name]?.title
    if (title === undefined) return writer.reject('an attribute with a title', String(value.name))
    attributeDef.write(writer, tag, {
      attributeName: title,
      ...(value.index === undefined ? {} : { attributeIndex: value.index }),
      attributeValue: value.value,
      ...(value.unknown === undefined ? {} : { unknown: value.unknown }),
    })
  },
}

const kindsByTag = Object.fromEntries(Object.entries(attributeTable).map(([key, { kind }]) => [key, kind]))

/** Attributes by their tags, as KMIP 2.x has them. KMIP 2.1, section 4. */
export const attributes = taggedList(kindsByTag) as unknown as Kind<readonly Attribute[]>

/** Attributes by the keys that programs use; those that an object can have several of as lists. */
export type AttributeSet = {
  readonly [N in AttributeName as Uncapitalize<N>]?: Table[N]['many'] extends true
    ? readonly ValueOf<N>[]
    : ValueOf<N>
} & {
  /** Those that have no type here. */
  readonly other?: readonly OtherAttribute[]
}

function uncapitalize(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/**
 * Puts a list of attributes into one object.
 * @throws KMIP_PROTOCOL when one that an object has once comes twice
 */
export function collectAttributes(operation: string, list: readonly Attribute[]): AttributeSet {
  const set: Record<string, unknown> = {}
  for (const entry of list) {
    const key = uncapitalize(entry.name)
    const present = set[key]
    if (entry.name === 'Other' || attributeTable[entry.name].many) {
      const member = entry.name === 'Other' ? entry : entry.value
      if (present === undefined) set[key] = [member]
      else (present as unknown[]).push(member)
    } else if (present === undefined) {
      set[key] = entry.value
    } else {
      throw new TrustholdError('KMIP_PROTOCOL', { operation, reason: `two values of ${entry.name}` })
    }
  }
  return set as AttributeSet
}

/** Whether a version has attributes by their tags, and no templates. */
export function hasTaggedAttributes(version: KmipVersion): boolean {
  return isAtLeast(version, '2.0')
}
