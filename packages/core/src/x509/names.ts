import { type AttributeTypeAndValue, type AttributeValue, Name } from '@peculiar/asn1-x509'
import { toHex } from '../bytes/index.js'
import { type Asn1Element, decodeElement, encodeDer, receivedBytes } from './asn1.js'
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
export function readName(received: Asn1Element, path: string): DistinguishedName {
  return describeName(decodeElement(received, Name, path), receivedBytes(received), path)
}

/**
 * What a decoded name says.
 * @param der the name as received
 * @throws CERTIFICATE_INVALID
 */
export function describeName(name: Name, der: Uint8Array, path: string): DistinguishedName {
  const sets = Array.from(name, (set) => Array.from(set))
  if (sets.some((set) => set.length === 0)) refuse(path, 'an attribute in each SET', 'none')
  if (sets.flat().length > maxAttributes) refuse(path, `at most ${maxAttributes} attributes`, 'more')
  const parts = sets.map((set) => set.map((attribute) => readAttribute(attribute, path)))
  return {
    der,
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

/** The string types that are read, and what their characters are (X.680 section 41). */
const alphabets = {
  utf8String: /^/u,
  printableString: /^[A-Za-z0-9 '()+,\-./:=?]*$/,
  ia5String: /^\p{ASCII}*$/u,
  bmpString: /^\P{Cs}*$/u,
  teletexString: /^/u,
} as const
const stringKinds = Object.keys(alphabets) as (keyof typeof alphabets)[]

function readAttribute({ type, value }: AttributeTypeAndValue, path: string): Part {
  const kind = stringKinds.find((name) => value[name] !== undefined)
  const text = kind && readText(value, kind, path)
  const inHex = () => toHex(encodeDer(value))
  if (text === undefined) {
    const hex = inHex()
    return { attribute: { type }, text: `${shortNames[type] ?? type}=#${hex}`, key: [type, 'der', hex] }
  }
  return {
    attribute: { type, value: text },
    text: `${shortNames[type] ?? type}=${escapeValue(text)}`,
    // A TeletexString is compared by its bytes: its characters are what each implementation takes them for.
    key: kind === 'teletexString' ? [type, 'der', inHex()] : [type, 'text', text],
  }
}

function readText(value: AttributeValue, kind: keyof typeof alphabets, path: string): string {
  const text = value[kind] ?? ''
  if (!alphabets[kind].test(text)) refuse(path, 'the characters of its type', 'others')
  return text
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
