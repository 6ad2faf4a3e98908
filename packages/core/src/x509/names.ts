import { toHex } from '../bytes/index.js'
import { type DerElement, Tag } from './der.js'
import { DerFields } from './der-fields.js'
import { readOid, readString } from './der-values.js'
import { refuse } from './failure.js'

/** One attribute of a distinguished name. */
export interface NameAttribute {
  /** Dotted object identifier. */
  readonly type: string
  /** Text as written; absent when the value is not a string. */
  readonly value?: string
}

/** A distinguished name (RFC 5280 section 4.1.2.4). */
export interface DistinguishedName {
  /** The name as received. */
  readonly der: Uint8Array
  /**
   * Names are equal when their keys are: the same attributes in the same order with the same characters, whatever
   * string type holds them. STMicroelectronics writes a CA's name as PrintableString in one certificate and as
   * UTF8String in the next. RFC 5280 section 7.1 asks for this and for more; case is not folded here, nor are spaces.
   */
  readonly key: string
  /** For people and logs: RFC 4514 order and escapes, control and invisible characters escaped as well. */
  readonly text: string
  /** In the order of the encoding. */
  readonly attributes: readonly NameAttribute[]
}

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '2.23.133.2.1': 'tpmManufacturer',
  '2.23.133.2.2': 'tpmModel',
  '2.23.133.2.3': 'tpmVersion',
}

/** Attributes and relative names that one name may have. */
const maxAttributes = 64

/**
 * Reads a Name.
 * @throws CERTIFICATE_INVALID
 */
export function readName(element: DerElement): DistinguishedName {
  const relative = DerFields.of(element, Tag.sequence)
    .rest(Tag.set)
    .map((set) => DerFields.of(set, Tag.set).rest(Tag.sequence))
  for (const set of relative) if (set.length === 0) refuse(element.path, 'an attribute in each SET', 'none')
  if (relative.flat().length > maxAttributes)
    refuse(element.path, `at most ${maxAttributes} attributes`, 'more')
  const parts = relative.map((set) => set.map((attribute) => readAttribute(attribute)))
  return {
    der: element.bytes,
    key: JSON.stringify(parts.map((set) => set.map((part) => part.key))),
    text: parts
      .map((set) => set.map((part) => part.text).join('+'))
      .reverse()
      .join(','),
    attributes: parts.flat().map((part) => part.attribute),
  }
}

interface Part {
  readonly attribute: NameAttribute
  readonly text: string
  readonly key: readonly string[]
}

function readAttribute(element: DerElement): Part {
  const fields = DerFields.of(element, Tag.sequence)
  const type = readOid(fields.take(Tag.oid, 'type'))
  const raw = fields.any('value')
  fields.end()
  const value = readString(raw)
  // A TeletexString is left out: its characters are what each implementation takes them for.
  const comparable = value !== undefined && raw.tag !== Tag.teletexString
  const written = value === undefined ? `#${toHex(raw.bytes)}` : escapeValue(value)
  return {
    attribute: value === undefined ? { type } : { type, value },
    text: `${shortNames[type] ?? type}=${written}`,
    key: comparable ? [type, 'text', value] : [type, 'der', toHex(raw.bytes)],
  }
}

// Control, format (bidirectional overrides, zero width), separator, surrogate, private and unassigned characters.
const invisible = /[\p{C}\p{Zl}\p{Zp}]/gu

/** RFC 4514 section 2.4, and nothing invisible left. */
function escapeValue(value: string): string {
  return value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!\\) $/, '\\ ')
    .replace(invisible, (character) => toHex(Buffer.from(character)).replace(/../g, '\\$&'))
    .slice(0, 256)
}
