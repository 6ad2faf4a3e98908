import type { EnumerationName } from '../enumerations.js'
import { enumerations } from '../enumerations.js'
import type { TtlvItem } from '../item.js'
import { type MaskName, maskBits } from '../registry/masks.js'
import { type TagName, tagName, tags } from '../tags.js'

/** Where the names of a number's values come from: an enumeration, the tags, or the bits of a mask. */
export interface Scope {
  readonly enumeration?: EnumerationName | 'Tag'
  readonly mask?: MaskName
}

/** Tags whose enumeration has another name than they. */
const others: Readonly<Partial<Record<TagName, EnumerationName | 'Tag'>>> = {
  AttributeReference: 'Tag',
  CertificateRequestUniqueIdentifier: 'UniqueIdentifier',
  ExtensionType: 'ItemType',
  LinkedObjectIdentifier: 'UniqueIdentifier',
  MACData: 'Data',
  MaskGeneratorHashingAlgorithm: 'HashingAlgorithm',
  PrivateKeyUniqueIdentifier: 'UniqueIdentifier',
  PublicKeyUniqueIdentifier: 'UniqueIdentifier',
  ReplacedUniqueIdentifier: 'UniqueIdentifier',
  SignatureData: 'Data',
  Tag: 'Tag',
}

function scopeOf(name: string): Scope {
  const other = others[name as TagName]
  if (other !== undefined) return { enumeration: other }
  if (Object.hasOwn(enumerations, name)) return { enumeration: name as EnumerationName }
  return Object.hasOwn(maskBits, name) ? { mask: name as MaskName } : {}
}

/**
 * The name that the JSON and XML forms give to something of the specification, such as `X_509CertificateIdentifier` for
 * "X.509 Certificate Identifier". KMIP Profiles 2.1, section 5.4.1.1.3.
 */
export function normalizeName(title: string): string {
  const words = title
    .replace(/[()]/g, ' ')
    .replace(/\W(?=[A-Za-z][a-z])/g, ' ')
    .replace(/[^\w ]/g, '_')
    .split(' ')
  const first = (words[0] ?? '').replace(/^(\d+)(.*)$/, '$2$1')
  return [first, ...words.slice(1)].map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** Follows the items of a structure: an attribute's name, where one goes before its value, says what the value is. */
export interface ScopeFinder {
  /** The scope of the next item of the structure. */
  of(tag: number): Scope
  /** Takes note of an item that was printed or read. */
  pass(item: TtlvItem): void
}

/** Starts with a structure's items. */
export function createScopeFinder(): ScopeFinder {
  let attribute = ''
  return {
    of: (tag) => scopeOf(tag === tags.AttributeValue ? attribute : tagName(tag)),
    pass(item) {
      if (item.tag === tags.AttributeName && item.type === 'TextString') attribute = normalizeName(item.value)
    },
  }
}
