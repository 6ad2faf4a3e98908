import { equalBytes } from '../bytes/index.js'
import { contextConstructed, type DerDeviation, type DerElement, Tag } from './der.js'
import { DerFields, expectTag, unwrapExplicit } from './der-fields.js'
import { readOid, readSmall } from './der-values.js'
import { refuse } from './failure.js'

/** Hashes that signatures are accepted with. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512'

/** How a certificate is signed. */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa-pkcs1' | 'ecdsa'; readonly oid: string; readonly hash: SignatureHash }
  | {
      readonly kind: 'rsa-pss'
      readonly oid: string
      readonly hash: SignatureHash
      readonly saltLength: number
    }
  /** Not accepted; such a certificate can still be read, and be a configured CA. */
  | { readonly kind: 'unsupported'; readonly oid: string; readonly reason: string }

type Known = { readonly kind: 'rsa-pkcs1' | 'ecdsa'; readonly hash: SignatureHash }

/** RFC 4055 section 5: parameters are NULL. RFC 5758 section 3.2: there are none. */
const known: Readonly<Record<string, Known>> = {
  '1.2.840.113549.1.1.11': { kind: 'rsa-pkcs1', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { kind: 'rsa-pkcs1', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { kind: 'rsa-pkcs1', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { kind: 'ecdsa', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { kind: 'ecdsa', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { kind: 'ecdsa', hash: 'sha512' },
}

const refusedNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2 with RSA',
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.2.840.113549.1.1.14': 'SHA-224 with RSA',
  '1.2.840.10040.4.3': 'SHA-1 with DSA',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
  '1.2.840.10045.4.3.1': 'SHA-224 with ECDSA',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
}

const hashes: Readonly<Record<string, SignatureHash>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

const rsassaPss = '1.2.840.113549.1.1.10'
const mgf1 = '1.2.840.113549.1.1.8'

/** Longer salts than any key of 16384 bits could have are not read. */
const maxSaltLength = 2048

/**
 * Reads the AlgorithmIdentifier of a signature. An algorithm that is not accepted is told apart from one that is
 * malformed: the first gives `unsupported`, the second throws.
 * @throws CERTIFICATE_INVALID
 */
export function readSignatureAlgorithm(
  element: DerElement,
  deviations: Set<DerDeviation>,
): SignatureAlgorithm {
  const fields = DerFields.of(element, Tag.sequence)
  const oid = readOid(fields.take(Tag.oid, 'algorithm'))
  if (oid === rsassaPss) return readPss(oid, fields)
  const algorithm = known[oid]
  if (algorithm === undefined) {
    return { kind: 'unsupported', oid, reason: `${refusedNames[oid] ?? oid} is not accepted` }
  }
  if (algorithm.kind === 'rsa-pkcs1') fields.take(Tag.null, 'parameters')
  else if (fields.optional(Tag.null, 'parameters') !== undefined) deviations.add('null-parameters')
  fields.end()
  return { kind: algorithm.kind, oid, hash: algorithm.hash }
}

/** RSASSA-PSS-params (RFC 4055 section 3.1). Its defaults are SHA-1, so leaving a hash out makes it unsupported. */
function readPss(oid: string, outer: DerFields): SignatureAlgorithm {
  const fields = DerFields.of(outer.take(Tag.sequence, 'parameters'), Tag.sequence)
  outer.end()
  const hashField = fields.optional(contextConstructed(0), 'hashAlgorithm')
  const maskField = fields.optional(contextConstructed(1), 'maskGenAlgorithm')
  const saltField = fields.optional(contextConstructed(2), 'saltLength')
  const trailer = fields.optional(contextConstructed(3), 'trailerField')
  fields.end()
  if (trailer !== undefined) readSmall(unwrapExplicit(trailer, Tag.integer), 1)
  const hash = hashField && readHash(unwrapExplicit(hashField, Tag.sequence))
  const mask = maskField && readMask(unwrapExplicit(maskField, Tag.sequence))
  const saltLength =
    saltField === undefined ? 20 : readSmall(unwrapExplicit(saltField, Tag.integer), maxSaltLength)
  if (hash === undefined) return { kind: 'unsupported', oid, reason: 'RSASSA-PSS with SHA-1 is not accepted' }
  if (mask !== hash) return { kind: 'unsupported', oid, reason: 'RSASSA-PSS with two hashes is not accepted' }
  return { kind: 'rsa-pss', oid, hash, saltLength }
}

/** The hash of an AlgorithmIdentifier, undefined when it is not an accepted one. */
function readHash(element: DerElement): SignatureHash | undefined {
  const fields = DerFields.of(element, Tag.sequence)
  const oid = readOid(fields.take(Tag.oid, 'algorithm'))
  fields.optional(Tag.null, 'parameters')
  fields.end()
  return hashes[oid]
}

function readMask(element: DerElement): SignatureHash | undefined {
  const fields = DerFields.of(element, Tag.sequence)
  const oid = readOid(fields.take(Tag.oid, 'algorithm'))
  if (oid !== mgf1) refuse(element.path, 'MGF1', oid)
  const hash = readHash(expectTag(fields.any('parameters'), Tag.sequence))
  fields.end()
  return hash
}

/** Whether two AlgorithmIdentifiers are the same bytes (RFC 5280 section 4.1.1.2). */
export function sameAlgorithm(a: DerElement, b: DerElement): boolean {
  return equalBytes(a.bytes, b.bytes)
}
