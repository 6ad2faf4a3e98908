import { type KeyObject, verify as verifySignature } from 'node:crypto'
import { fromBase64url, textToBase64url, toBase64url, utf8 } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { parseJsonObject } from './json.js'

/** The signature algorithms that are accepted, with what OpenSSL has to be told (RFC 7518 section 3.4). */
const signatureAlgorithms = {
  ES256: { hash: 'sha256', signatureLength: 64, curve: 'prime256v1' },
} as const

/** Name of an accepted JWS algorithm. */
export type JwsAlgorithm = keyof typeof signatureAlgorithms

/** A header that was read and found acceptable. */
export interface JwsHeader {
  readonly algorithm: JwsAlgorithm
  readonly header: Readonly<Record<string, unknown>>
}

/** A JWS in compact form, taken apart and not yet believed. */
export interface ParsedJws extends JwsHeader {
  /** The header as it came, base64url. */
  readonly headerText: string
  /** The payload's bytes as they were signed. */
  readonly payload: Uint8Array
  /** What the signature covers. */
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

/** Options of {@link parseJws}. */
export interface ParseJwsOptions {
  /** Names the object in errors. */
  what: string
  /** Required value of the header's `typ`. */
  typ: string
  /** Longest accepted text, in characters. */
  maxLength: number
  /** Headers by their text that were read before with these options: one signer's are always the same. */
  knownHeaders?: { get(headerText: string): JwsHeader | undefined }
}

const refuse = (what: string, reason: string) => new TrustholdError('JOSE_INVALID', { what, reason })

/**
 * Takes a compact JWS apart and checks its header: `alg` is accepted, `typ` is the expected one, and there is no
 * `crit`, as no extension is known here (RFC 7515 section 4.1.11).
 * @throws JOSE_INVALID
 */
export function parseJws(token: string, options: ParseJwsOptions): ParsedJws {
  const { what } = options
  if (token.length > options.maxLength)
    throw refuse(what, `it is longer than ${options.maxLength} characters`)
  const parts = token.split('.')
  const [headerText, payloadText, signatureText] = parts
  if (
    parts.length !== 3 ||
    headerText === undefined ||
    payloadText === undefined ||
    signatureText === undefined
  ) {
    throw refuse(what, 'expected three parts')
  }
  const { algorithm, header } = options.knownHeaders?.get(headerText) ?? readHeader(headerText, options)
  return {
    algorithm,
    header,
    headerText,
    payload: decodePart(payloadText, what),
    signingInput: utf8(token.slice(0, token.length - signatureText.length - 1)),
    signature: decodePart(signatureText, what),
  }
}

function readHeader(headerText: string, { what, typ: wanted }: ParseJwsOptions): JwsHeader {
  const header = parseJsonObject(decodePart(headerText, what), `${what} header`)
  const { alg, typ } = header
  if (typeof alg !== 'string' || !Object.hasOwn(signatureAlgorithms, alg)) {
    throw refuse(what, `expected alg ${Object.keys(signatureAlgorithms).join(' or ')}`)
  }
  if (typ !== wanted) throw refuse(what, `expected typ ${wanted}`)
  if ('crit' in header) throw refuse(what, 'it has critical extensions')
  return { algorithm: alg as JwsAlgorithm, header }
}

/** Verifies the signature of a parsed JWS with a key of the right kind for its algorithm. */
export function verifyJws(jws: ParsedJws, key: KeyObject): boolean {
  const algorithm = signatureAlgorithms[jws.algorithm]
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== algorithm.curve) return false
  if (jws.signature.length !== algorithm.signatureLength) return false
  return verifySignature(algorithm.hash, jws.signingInput, { key, dsaEncoding: 'ieee-p1363' }, jws.signature)
}

/** The signing input of a header and a payload. */
export function jwsSigningInput(header: Readonly<Record<string, unknown>>, payload: unknown): string {
  return `${textToBase64url(JSON.stringify(header))}.${textToBase64url(JSON.stringify(payload))}`
}

/** Puts signing input and signature together. */
export function compactJws(signingInput: string, signature: Uint8Array): string {
  return `${signingInput}.${toBase64url(signature)}`
}

function decodePart(part: string, what: string): Uint8Array {
  try {
    return fromBase64url(part)
  } catch (cause) {
    throw new TrustholdError('JOSE_INVALID', { what, reason: 'a part is not base64url' }, { cause })
  }
}
