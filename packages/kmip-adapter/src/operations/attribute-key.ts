import { TrustholdError } from '@trusthold/core/errors'
import {
  type AttributeName,
  attributeNamed,
  attributeTable,
  hasAttribute,
  hasTaggedAttributes,
  type VendorReference,
} from '../protocol/index.js'
import { type KmipVersion, tags } from '../ttlv/index.js'

/** Which attribute: a standard one, one of a user's own by its title in KMIP 1.x, or one of a vendor's (KMIP 2.x). */
export type AttributeKey = AttributeName | `x-${string}` | `y-${string}` | VendorReference

function isStandard(key: AttributeKey): key is AttributeName {
  return typeof key === 'string' && Object.hasOwn(attributeTable, key)
}

/** Whether a version can name the attribute. */
export function isKnown(key: AttributeKey, version: KmipVersion): boolean {
  if (isStandard(key)) return hasAttribute(version, key)
  return typeof key === 'string' || hasTaggedAttributes(version)
}

/**
 * The title of an attribute in KMIP 1.x.
 * @throws ARGUMENT_INVALID for one of a vendor's
 */
export function titleOf(key: AttributeKey): string {
  if (isStandard(key)) return attributeTable[key].title
  if (typeof key === 'string') return key
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'attribute', reason: 'KMIP 1.x has none of vendors' })
}

/** What refers to an attribute in KMIP 2.x. */
export function referTo(key: AttributeKey): number | VendorReference {
  if (isStandard(key)) return tags[key]
  if (typeof key !== 'string') return key
  return { vendorIdentification: key.slice(0, 1), attributeName: key.slice(2) }
}

const namesByTag = new Map<number, AttributeName>(
  (Object.keys(attributeTable) as AttributeName[]).map((name) => [tags[name], name]),
)

/** The key of a title of KMIP 1.x; a title that the standard does not have as it is. */
export function keyOfTitle(title: string): AttributeKey | (string & {}) {
  return attributeNamed(title) ?? title
}

/** The key of a reference of KMIP 2.x; a tag that is no standard attribute's as a number. */
export function keyOfReference(reference: number | VendorReference): AttributeKey | number {
  if (typeof reference === 'number') return namesByTag.get(reference) ?? reference
  const { vendorIdentification: vendor, attributeName } = reference
  return vendor === 'x' || vendor === 'y' ? `${vendor}-${attributeName}` : reference
}
