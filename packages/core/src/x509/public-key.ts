import { createPublicKey, type KeyObject } from 'node:crypto'
import { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@peculiar/asn1-x509'
import { type Asn1Element, decodeDer, decodeElement, encodeDer, receivedBytes } from './asn1.js'
import { Tag } from './der.js'
import { refuse } from './failure.js'
import { unsigned } from './integers.js'
import { ecParametersSyntax, rsaPublicKeySyntax } from './syntax.js'

/** Curves that are read; node:crypto verifies on the P ones, the injected WebCrypto on the others. */
export type CurveName =
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'brainpoolP256r1'
  | 'brainpoolP384r1'
  | 'brainpoolP512r1'

/** A certified public key. */
export type CertifiedKey = {
  /** SubjectPublicKeyInfo as received. */
  readonly spki: Uint8Array
  /** Dotted object identifier of the key's algorithm. */
  readonly algorithm: string
} & (
  | {
      readonly kind: 'rsa'
      readonly modulusBits: number
      readonly exponent: bigint
      /** `oaep`: id-RSAES-OAEP, decryption only. `pss`: id-RSASSA-PSS, PSS signatures only. */
      readonly restriction?: 'oaep' | 'pss'
      /** RSAPublicKey. */
      readonly raw: Uint8Array
    }
  | { readonly kind: 'ec'; readonly curve: CurveName }
  | { readonly kind: 'unsupported'; readonly reason: string }
)

const rsaEncryption = '1.2.840.113549.1.1.1'
const rsaRestrictions = new Map<string, 'oaep' | 'pss' | undefined>([
  [rsaEncryption, undefined],
  ['1.2.840.113549.1.1.7', 'oaep'],
  ['1.2.840.113549.1.1.10', 'pss'],
])
const ecPublicKey = '1.2.840.10045.2.1'

/** Named curves (RFC 5480, RFC 5639) with the length of a coordinate in bytes. */
const curves: Readonly<Record<string, { readonly name: CurveName; readonly bytes: number }>> = {
  '1.2.840.10045.3.1.7': { name: 'P-256', bytes: 32 },
  '1.3.132.0.34': { name: 'P-384', bytes: 48 },
  '1.3.132.0.35': { name: 'P-521', bytes: 66 },
  '1.3.36.3.3.2.8.1.1.7': { name: 'brainpoolP256r1', bytes: 32 },
  '1.3.36.3.3.2.8.1.1.11': { name: 'brainpoolP384r1', bytes: 48 },
  '1.3.36.3.3.2.8.1.1.13': { name: 'brainpoolP512r1', bytes: 64 },
}

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 4055, RFC 5480) of a certificate.
 * @throws CERTIFICATE_INVALID when it is malformed; a key of another algorithm is `unsupported`
 */
export function readPublicKey(received: Asn1Element, path: string): CertifiedKey {
  const info = decodeElement(received, SubjectPublicKeyInfo, path)
  return describeKey(receivedBytes(received), info, path)
}

/**
 * Reads a SubjectPublicKeyInfo by itself.
 * @param spki DER
 * @throws CERTIFICATE_INVALID
 */
export function parsePublicKey(spki: Uint8Array): CertifiedKey {
  const path = 'subjectPublicKeyInfo'
  if (spki.length > 8192) refuse(path, 'at most 8192 bytes', String(spki.length))
  const own = Uint8Array.from(spki)
  return describeKey(own, decodeDer(own, SubjectPublicKeyInfo, path), path)
}

function describeKey(spki: Uint8Array, info: SubjectPublicKeyInfo, path: string): CertifiedKey {
  const { algorithm, parameters } = info.algorithm
  const bits = new Uint8Array(info.subjectPublicKey)
  const common = { spki, algorithm }
  if (rsaRestrictions.has(algorithm)) return { ...common, ...readRsa(bits, algorithm, path) }
  if (algorithm === ecPublicKey) return { ...common, ...readEc(bits, parameters, path) }
  return { ...common, kind: 'unsupported', reason: `key algorithm ${algorithm}` }
}

function readRsa(bits: Uint8Array, algorithm: string, path: string) {
  const place = `${path}.subjectPublicKey`
  const { modulus, publicExponent } = decodeDer(bits, rsaPublicKeySyntax, place)
  const modulusBits = unsigned(modulus, `${place}.modulus`).toString(2).length
  const exponent = unsigned(publicExponent, `${place}.publicExponent`)
  const restriction = rsaRestrictions.get(algorithm)
  const key = { kind: 'rsa' as const, modulusBits, exponent, raw: bits }
  return restriction === undefined ? key : { ...key, restriction }
}

function readEc(bits: Uint8Array, parameters: AlgorithmIdentifier['parameters'], path: string) {
  const named = new Uint8Array(parameters ?? [])
  // Parameters spelt out allow a curve with a generator of the attacker's choice (CVE-2020-0601).
  if (named[0] !== Tag.oid) return { kind: 'unsupported' as const, reason: 'explicit curve parameters' }
  const oid = decodeDer(named, ecParametersSyntax, `${path}.algorithm.parameters`).namedCurve
  const curve = curves[oid]
  if (curve === undefined) return { kind: 'unsupported' as const, reason: `curve ${oid}` }
  if (bits[0] !== 4 || bits.length !== 1 + 2 * curve.bytes) {
    refuse(path, `an uncompressed point of ${1 + 2 * curve.bytes} bytes`, `${bits.length} bytes`)
  }
  return { kind: 'ec' as const, curve: curve.name }
}

const minModulusBits = 2048
const maxModulusBits = 16384
const minExponent = 65537n
const maxExponent = 2n ** 32n

/** Why a key is too weak, or too costly to compute with; undefined when it is neither. */
export function keyWeakness(key: CertifiedKey): string | undefined {
  if (key.kind === 'unsupported') return key.reason
  if (key.kind === 'ec') return undefined
  if (key.modulusBits < minModulusBits || key.modulusBits > maxModulusBits) {
    return `an RSA modulus of ${key.modulusBits} bits`
  }
  if (key.exponent < minExponent || key.exponent > maxExponent || key.exponent % 2n === 0n) {
    return 'an RSA exponent that is even, below 65537 or above 2^32'
  }
  return undefined
}

/**
 * The key for node:crypto. One that is marked for OAEP becomes a plain RSA key: it is the same numbers, and OpenSSL
 * does not know the identifier. Callers decide for what they use it.
 * @throws CERTIFICATE_INVALID when it is weak, of another algorithm, or not a point of its curve
 */
export function importPublicKey(key: CertifiedKey, path = 'subjectPublicKeyInfo'): KeyObject {
  const weakness = keyWeakness(key)
  if (weakness !== undefined) refuse(path, 'a key that is accepted', weakness)
  const spki = key.kind === 'rsa' && key.restriction === 'oaep' ? plainRsa(key.raw) : key.spki
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return refuse(path, 'a valid public key', 'one that cannot be loaded')
  }
}

function plainRsa(raw: Uint8Array): Uint8Array {
  const algorithm = new AlgorithmIdentifier({ algorithm: rsaEncryption, parameters: null })
  return encodeDer(new SubjectPublicKeyInfo({ algorithm, subjectPublicKey: Uint8Array.from(raw).buffer }))
}
