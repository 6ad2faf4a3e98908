import {
  AsnIpConverter,
  AuthorityKeyIdentifier,
  ExtendedKeyUsage,
  type GeneralName,
  KeyUsage as KeyUsageBits,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509'
import { type Asn1Element, decodeDer, decodeElement, encodeDer, openBytes } from './asn1.js'
import type { DerDeviation } from './der.js'
import { refuse } from './failure.js'
import { smallNumber } from './integers.js'
import { type DistinguishedName, describeName } from './names.js'
import { basicConstraintsSyntax, extensionsSyntax } from './syntax.js'

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
  received: Asn1Element,
  path: string,
  deviations: Deviations,
): Map<string, CertificateExtension> {
  const list = decodeElement(received, extensionsSyntax, path)
  if (list.length === 0) refuse(path, 'at least one extension', 'none')
  const extensions = new Map<string, CertificateExtension>()
  for (const { extnID: oid, critical, extnValue } of list) {
    if (extensions.has(oid)) refuse(path, `one ${oid}`, 'two')
    const value = new Uint8Array(extnValue.buffer)
    extensions.set(oid, { oid, critical: readDefaultFalse(critical, deviations), value })
  }
  return extensions
}

function readDefaultFalse(value: boolean | undefined, deviations: Deviations): boolean {
  if (value === false) deviations.add('encoded-default')
  return value ?? false
}

type Parsers = {
  readonly [K in keyof StandardExtensions]-?: (
    value: Uint8Array,
    path: string,
    deviations: Deviations,
  ) => StandardExtensions[K]
}

const parsers: Parsers = {
  basicConstraints: readBasicConstraints,
  keyUsage: readKeyUsage,
  extendedKeyUsage: readExtendedKeyUsage,
  subjectKeyId: readSubjectKeyId,
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
    const value = parse(extension.value, `extensions.${name}`, deviations)
    if (value !== undefined) parsed[name] = value
  }
  return parsed
}

/** The longest path length that is read; paths are far shorter. */
const maxPathLength = 255

function readBasicConstraints(
  value: Uint8Array,
  path: string,
  deviations: Deviations,
): NonNullable<StandardExtensions['basicConstraints']> {
  const { cA, pathLenConstraint } = decodeDer(value, basicConstraintsSyntax, path, deviations)
  const ca = readDefaultFalse(cA, deviations)
  if (pathLenConstraint === undefined) return { ca }
  return { ca, pathLength: smallNumber(pathLenConstraint, maxPathLength, `${path}.pathLenConstraint`) }
}

function readKeyUsage(value: Uint8Array, path: string, deviations: Deviations): ReadonlySet<KeyUsage> {
  const flags = decodeDer(value, KeyUsageBits, path, deviations)
  const width = 8 * flags.value.byteLength - flags.unusedBits
  if (width > 32) refuse(path, 'at most 32 bits', 'more')
  // A name's bit number is its power of two: the first bit counts 1.
  const bits: number = flags.toNumber()
  const usages = keyUsageNames.filter((_, bit) => (bits & (1 << bit)) !== 0)
  if (width > 0 && bits < 2 ** (width - 1)) deviations.add('trailing-bits')
  if (bits >= 2 ** keyUsageNames.length) deviations.add('unknown-usage')
  if (usages.length === 0) refuse(path, 'at least one usage', 'none')
  return new Set(usages)
}

function readExtendedKeyUsage(value: Uint8Array, path: string, deviations: Deviations): readonly string[] {
  const usages = decodeDer(value, ExtendedKeyUsage, path, deviations)
  if (usages.length === 0) refuse(path, 'at least one usage', 'none')
  return [...usages]
}

function readSubjectKeyId(value: Uint8Array, path: string): Uint8Array {
  return keyIdOf(decodeDer(value, SubjectKeyIdentifier, path), path)
}

function readAuthorityKeyId(value: Uint8Array, path: string, deviations: Deviations): Uint8Array | undefined {
  const authority = decodeDer(value, AuthorityKeyIdentifier, path, deviations)
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber } = authority
  if ((authorityCertIssuer === undefined) !== (authorityCertSerialNumber === undefined)) {
    refuse(path, 'issuer and serial number together', 'one of them')
  }
  return keyIdentifier && keyIdOf(keyIdentifier, path)
}

function keyIdOf({ buffer }: SubjectKeyIdentifier, path: string): Uint8Array {
  if (buffer.byteLength === 0) refuse(path, 'a key identifier', 'an empty one')
  return new Uint8Array(buffer)
}

/** Names that one certificate may have. */
const maxNames = 128

function readAlternativeNames(value: Uint8Array, path: string, deviations: Deviations): AlternativeNames {
  const names = [...decodeDer(value, SubjectAlternativeName, path, deviations)]
  if (names.length === 0 || names.length > maxNames) {
    refuse(path, `1 to ${maxNames} names`, String(names.length))
  }
  const of = <K extends keyof GeneralName>(kind: K) =>
    names.map((name) => name[kind]).filter((name): name is NonNullable<GeneralName[K]> => name !== undefined)
  const sorted = {
    otherNames: of('otherName').map((name) => ({ type: name.typeId, value: openBytes(name.value) })),
    emails: of('rfc822Name').map((text) => ascii(text, path)),
    dnsNames: of('dNSName').map((text) => ascii(text, path)),
    directoryNames: of('directoryName').map((name) => describeName(name, encodeDer(name), path)),
    uris: of('uniformResourceIdentifier').map((text) => ascii(text, path)),
    ipAddresses: of('iPAddress').map(addressBytes),
  }
  const read = Object.values(sorted).reduce((sum, list) => sum + list.length, 0)
  return { ...sorted, unread: names.length - read }
}

/** The octets of an address, which asn1-x509 makes text of: what follows an identifier and a length of one octet. */
function addressBytes(text: string): Uint8Array {
  return encodeDer(AsnIpConverter.toASN(text)).subarray(2)
}

function ascii(text: string, path: string): string {
  if (!/^\p{ASCII}*$/u.test(text)) refuse(path, 'the characters of its type', 'others')
  return text
}
