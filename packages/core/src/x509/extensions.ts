import {
  contextConstructed,
  contextPrimitive,
  type DerDeviation,
  type DerElement,
  readDer,
  Tag,
} from './der.js'
import { DerFields, expectTag, unwrapExplicit } from './der-fields.js'
import { readNamedBits, readOid, readSmall, readString, readUnsigned } from './der-values.js'
import { refuse } from './failure.js'
import { type DistinguishedName, readName } from './names.js'

/** One extension as received. */
export interface CertificateExtension {
  /** Dotted object identifier. */
  readonly oid: string
  readonly critical: boolean
  /** Content of extnValue: DER of the extension's own type. */
  readonly value: Uint8Array
}

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3), in their order. */
export const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** What a key may be used for. */
export type KeyUsage = (typeof keyUsageNames)[number]

/** SubjectAltName (RFC 5280 section 4.2.1.6), sorted by kind; kinds that are not listed are counted only. */
export interface AlternativeNames {
  readonly directoryNames: readonly DistinguishedName[]
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
  /** Raw address bytes: 4 or 16. */
  readonly ipAddresses: readonly Uint8Array[]
  /** otherName: its type, and the DER of its value. */
  readonly otherNames: readonly { readonly type: string; readonly value: Uint8Array }[]
  /** How many names of other kinds there are. */
  readonly unread: number
}

/** The extensions that are understood, parsed. */
export interface StandardExtensions {
  /** RFC 5280 section 4.2.1.9. */
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number }
  readonly keyUsage?: ReadonlySet<KeyUsage>
  /** Dotted object identifiers (RFC 5280 section 4.2.1.12). */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectKeyId?: Uint8Array
  /** keyIdentifier of AuthorityKeyIdentifier, when it has one. */
  readonly authorityKeyId?: Uint8Array
  readonly subjectAlternativeNames?: AlternativeNames
}

/** Object identifiers of the extensions by name (RFC 5280 section 4.2). */
export const ExtensionOid = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
} as const

type Deviations = Set<DerDeviation>

/** Reads the Extensions SEQUENCE. An identifier that comes twice is refused (RFC 5280 section 4.2). */
export function readExtensions(
  element: DerElement,
  deviations: Deviations,
): Map<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>()
  const list = DerFields.of(element, Tag.sequence).rest(Tag.sequence)
  if (list.length === 0) refuse(element.path, 'at least one extension', 'none')
  for (const item of list) {
    const extension = readExtension(item, deviations)
    if (extensions.has(extension.oid)) refuse(item.path, `one ${extension.oid}`, 'two')
    extensions.set(extension.oid, extension)
  }
  return extensions
}

function readExtension(element: DerElement, deviations: Deviations): CertificateExtension {
  const fields = DerFields.of(element, Tag.sequence)
  const oid = readOid(fields.take(Tag.oid, 'extnID'))
  const critical = readDefaultFalse(fields.optional(Tag.boolean, 'critical'), deviations)
  const value = fields.take(Tag.octetString, 'extnValue').content
  fields.end()
  return { oid, critical, value }
}

function readDefaultFalse(element: DerElement | undefined, deviations: Deviations): boolean {
  if (element === undefined) return false
  const value = element.content[0] === 0xff
  if (!value) deviations.add('encoded-default')
  return value
}

type Parsers = {
  readonly [K in keyof StandardExtensions]-?: (
    element: DerElement,
    deviations: Deviations,
  ) => StandardExtensions[K]
}

const parsers: Parsers = {
  basicConstraints: readBasicConstraints,
  keyUsage: readKeyUsage,
  extendedKeyUsage: readExtendedKeyUsage,
  subjectKeyId: (element) => readKeyId(expectTag(element, Tag.octetString)),
  authorityKeyId: readAuthorityKeyId,
  subjectAlternativeNames: readAlternativeNames,
}

/** Parses the extensions that are understood. */
export function readStandardExtensions(
  extensions: ReadonlyMap<string, CertificateExtension>,
  deviations: Deviations,
): StandardExtensions {
  const parsed: Record<string, unknown> = {}
  for (const [name, parse] of Object.entries(parsers)) {
    const extension = extensions.get(ExtensionOid[name as keyof Parsers])
    if (extension === undefined) continue
    const value = parse(readDer(extension.value, `extensions.${name}`, deviations), deviations)
    if (value !== undefined) parsed[name] = value
  }
  return parsed
}

/** The longest path length that is read; paths are far shorter. */
const maxPathLength = 255

function readBasicConstraints(
  element: DerElement,
  deviations: Deviations,
): NonNullable<StandardExtensions['basicConstraints']> {
  const fields = DerFields.of(element, Tag.sequence)
  const ca = readDefaultFalse(fields.optional(Tag.boolean, 'cA'), deviations)
  const length = fields.optional(Tag.integer, 'pathLenConstraint')
  fields.end()
  if (length === undefined) return { ca }
  return { ca, pathLength: readSmall(length, maxPathLength) }
}

function readKeyUsage(element: DerElement, deviations: Deviations): ReadonlySet<KeyUsage> {
  const bits = readNamedBits(expectTag(element, Tag.bitString), deviations)
  const usages = bits.flatMap((bit) => keyUsageNames[bit] ?? [])
  if (usages.length < bits.length) deviations.add('unknown-usage')
  if (usages.length === 0) refuse(element.path, 'at least one usage', 'none')
  return new Set(usages)
}

function readExtendedKeyUsage(element: DerElement): readonly string[] {
  const usages = DerFields.of(element, Tag.sequence).rest(Tag.oid).map(readOid)
  if (usages.length === 0) refuse(element.path, 'at least one usage', 'none')
  return usages
}

function readKeyId(element: DerElement): Uint8Array {
  if (element.content.length === 0) refuse(element.path, 'a key identifier', 'an empty one')
  return element.content
}

function readAuthorityKeyId(element: DerElement): Uint8Array | undefined {
  const fields = DerFields.of(element, Tag.sequence)
  const id = fields.optional(contextPrimitive(0), 'keyIdentifier')
  const issuer = fields.optional(contextConstructed(1), 'authorityCertIssuer')
  const serial = fields.optional(contextPrimitive(2), 'authorityCertSerialNumber')
  fields.end()
  if ((issuer === undefined) !== (serial === undefined)) {
    refuse(element.path, 'issuer and serial number together', 'one of them')
  }
  return id === undefined ? undefined : readKeyId(id)
}

/** Names that one certificate may have. */
const maxNames = 128

function readAlternativeNames(element: DerElement): AlternativeNames {
  expectTag(element, Tag.sequence)
  const { members } = element
  if (members.length === 0 || members.length > maxNames) {
    refuse(element.path, `1 to ${maxNames} names`, String(members.length))
  }
  const of = (tag: number) => members.filter((m) => m.tag === tag).map((m) => ({ ...m, path: element.path }))
  const text = (tag: number) => of(tag).map((m) => asciiOf(m))
  const names = {
    otherNames: of(contextConstructed(0)).map(readOtherName),
    emails: text(contextPrimitive(1)),
    dnsNames: text(contextPrimitive(2)),
    directoryNames: of(contextConstructed(4)).map((m) => readName(unwrapExplicit(m, Tag.sequence))),
    uris: text(contextPrimitive(6)),
    ipAddresses: of(contextPrimitive(7)).map((m) => m.content),
  }
  const read = Object.values(names).reduce((sum, list) => sum + list.length, 0)
  return { ...names, unread: members.length - read }
}

function asciiOf(element: DerElement): string {
  return readString({ ...element, tag: Tag.ia5String }) ?? ''
}

function readOtherName(element: DerElement): { type: string; value: Uint8Array } {
  const fields = DerFields.of(element, contextConstructed(0))
  const type = readOid(fields.take(Tag.oid, 'type-id'))
  const wrapper = fields.take(contextConstructed(0), 'value')
  fields.end()
  const [value, ...more] = wrapper.members
  if (value === undefined || more.length > 0)
    refuse(wrapper.path, 'one value', String(wrapper.members.length))
  return { type, value: value.bytes }
}

/** Content of an INTEGER as lower-case hexadecimal without sign octet; serial numbers are written so. */
export function serialText(element: DerElement): string {
  const value = readUnsigned(element)
  if (value === 0n) refuse(element.path, 'a positive serial number', '0')
  if (element.content.length > 21) refuse(element.path, 'at most 20 octets', String(element.content.length))
  return value.toString(16)
}
