import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import { type Asn1Element, decodeDer, decodeElement, openBytes } from './asn1.js'
import type { DerDeviation } from './der.js'
import { refuse } from './failure.js'
import { smallNumber } from './integers.js'
import { pssParametersSyntax } from './syntax.js'

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
  received: Asn1Element,
  path: string,
  deviations: Set<DerDeviation>,
): SignatureAlgorithm {
  const identifier = decodeElement(received, AlgorithmIdentifier, path)
  const { algorithm: oid, parameters } = identifier
  if (oid === rsassaPss) return readPss(identifier, `${path}.parameters`)
  const algorithm = known[oid]
  if (algorithm === undefined) {
    return { kind: 'unsupported', oid, reason: `${refusedNames[oid] ?? oid} is not accepted` }
  }
  const isPkcs1 = algorithm.kind === 'rsa-pkcs1'
  if (parameters !== null && (isPkcs1 || parameters !== undefined)) {
    refuse(`${path}.parameters`, isPkcs1 ? 'NULL' : 'none', 'others')
  }
  if (!isPkcs1 && parameters === null) deviations.add('null-parameters')
  return { kind: algorithm.kind, oid, hash: algorithm.hash }
}

/** RSASSA-PSS-params (RFC 4055 section 3.1). Its defaults are SHA-1, so leaving a hash out makes it unsupported. */
function readPss({ algorithm: oid, parameters }: AlgorithmIdentifier, path: string): SignatureAlgorithm {
  if (parameters === undefined) refuse(path, 'RSASSA-PSS-params', 'none')
  const pss = decodeDer(openBytes(parameters), pssParametersSyntax, path)
  if (pss.trailerField !== undefined) smallNumber(pss.trailerField, 1, `${path}.trailerField`)
  const hash = pss.hashAlgorithm && readHash(pss.hashAlgorithm, `${path}.hashAlgorithm`)
  const mask = pss.maskGenAlgorithm && readMask(pss.maskGenAlgorithm, `${path}.maskGenAlgorithm`)
  const saltLength = smallNumber(pss.saltLength ?? 20, maxSaltLength, `${path}.saltLength`)
  if (hash === undefined) return { kind: 'unsupported', oid, reason: 'RSASSA-PSS with SHA-1 is not accepted' }
  if (mask !== hash) return { kind: 'unsupported', oid, reason: 'RSASSA-PSS with two hashes is not accepted' }
  return { kind: 'rsa-pss', oid, hash, saltLength }
}

/** The hash of an AlgorithmIdentifier, undefined when it is not an accepted one. */
function readHash({ algorithm, parameters }: AlgorithmIdentifier, path: string): SignatureHash | undefined {
  if (parameters) refuse(`${path}.parameters`, 'NULL or none', 'others')
  return hashes[algorithm]
}

function readMask({ algorithm, parameters }: AlgorithmIdentifier, path: string): SignatureHash | undefined {
  if (algorithm !== mgf1) refuse(path, 'MGF1', algorithm)
  if (parameters === undefined) refuse(`${path}.parameters`, 'a hash', 'none')
  const place = `${path}.parameters`
  return readHash(decodeDer(openBytes(parameters), AlgorithmIdentifier, place), place)
}
