import { TrustholdError } from '@trusthold/core/errors'
import { type AttributeName, type AttributeTable, attributeTable } from './attribute-table.js'
import type { Attribute, AttributeValue, CustomAttribute, OtherAttribute } from './attributes.js'

/** Names that would read badly with only their first letter made small. */
const specialKeys = {
  X_509CertificateIdentifier: 'x509CertificateIdentifier',
  X_509CertificateSubject: 'x509CertificateSubject',
  X_509CertificateIssuer: 'x509CertificateIssuer',
  PKCS_12FriendlyName: 'pkcs12FriendlyName',
  NISTKeyType: 'nistKeyType',
} as const satisfies Partial<Record<AttributeName, string>>

type KeyOf<N extends AttributeName> = N extends keyof typeof specialKeys
  ? (typeof specialKeys)[N]
  : Uncapitalize<N>

/** Attributes by the keys that programs use; those that an object can have several of as lists. */
export type AttributeSet = {
  readonly [N in AttributeName as KeyOf<N>]?: AttributeTable[N]['many'] extends true
    ? readonly AttributeValue<N>[]
    : AttributeValue<N>
} & {
  /** Those of users and vendors. */
  readonly custom?: readonly CustomAttribute[]
  /** Those that the standard does not have. */
  readonly other?: readonly OtherAttribute[]
}

function keyOf(name: Attribute['name']): string {
  if (name in specialKeys) return specialKeys[name as keyof typeof specialKeys]
  return name.charAt(0).toLowerCase() + name.slice(1)
}

const namesByKey = new Map(Object.keys(attributeTable).map((name) => [keyOf(name as AttributeName), name]))

/**
 * Puts a list of attributes into one object.
 * @throws KMIP_PROTOCOL when one that an object has once comes twice
 */
export function collectAttributes(operation: string, list: readonly Attribute[]): AttributeSet {
  const set: Record<string, unknown> = {}
  for (const entry of list) {
    const key = keyOf(entry.name)
    const present = set[key]
    const isWhole = entry.name === 'Other' || entry.name === 'Custom'
    if (isWhole || attributeTable[entry.name].many) {
      const member = isWhole ? entry : entry.value
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

/**
 * The list of a set's attributes, in the set's order.
 * @throws ARGUMENT_INVALID for a key that is no attribute
 */
export function listAttributes(set: AttributeSet): readonly Attribute[] {
  return Object.entries(set).flatMap(([key, value]): readonly Attribute[] => {
    if (value === undefined) return []
    if (key === 'custom' || key === 'other') return value as readonly Attribute[]
    const name = namesByKey.get(key) as AttributeName | undefined
    if (name === undefined) {
      throw new TrustholdError('ARGUMENT_INVALID', { name: key, reason: 'no attribute has this name' })
    }
    const values = attributeTable[name].many ? (value as readonly unknown[]) : [value]
    return values.map((one) => ({ name, value: one }) as Attribute)
  })
}
