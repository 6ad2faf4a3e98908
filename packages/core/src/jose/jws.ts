import { type KeyObject, verify as verifySignature } from 'node:crypto'
import { fromBase64url, toBase64url, utf8 } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { parseJsonObject } from './json.js'

/** The signature algorithms that are accepted, with what OpenSSL has to be told (RFC 7518 section 3.4). */
const signatureAlgorithms = {
  ES256: { hash: 'sha256', signatureLength: 64, curve: 'prime256v1' },
} as const

/** Name of an accepted JWS algorithm. */
export type JwsAlgorithm = keyof typeof signatureAlgorithms

/** A JWS in compact form, taken apart and not yet believed. */
export interface ParsedJws {
  readonly header: Readonly<Record<string, unknown>>
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
}

const refuse = (what: string, reason: string) => new TrustholdError('JOSE_INVALID', { what, reason })

/**
 * Takes a compact JWS apart and checks its header: `alg` is accepted, `typ` is the expected one, and there is no
 * `crit`, as no extension is known here (RFC 7515 section 4.1.11).
 * @throws JOSE_INVALID
 */
export function parseJws(token: string, options: ParseJwsOptions): ParsedJws & { algorithm: JwsAlgorithm } {
  const { what } = options
  if (token.length > options.maxLength)
    throw refuse(what, `it is longer than ${options.maxLength} characters`)
  const parts = token.split('.')
  const [header64, payload64, signature64] = parts
  if (parts.length !== 3 || header64 === undefined || payload64 === undefined || signature64 === undefined) {
    throw refuse(what, 'expected three parts')
  }
  const header = parseJsonObject(decodePart(header64, what), `${what} header`)
  const { alg, typ } = header
  if (typeof alg !== 'string' || !Object.hasOwn(signatureAlgorithms, alg)) {
    throw refuse(what, `expected alg ${Object.keys(signatureAlgorithms).join(' or ')}`)
  }
  if (typ !== options.typ) throw refuse(what, `expected typ ${options.typ}`)
  if ('crit' in header) throw refuse(what, 'it has critical extensions')
  return {
    algorithm: alg as JwsAlgorithm,
    header,
    payload: decodePart(payload64, what),
    signingInput: utf8(`${header64}.${payload64}`),
    signature: decodePart(signature64, what),
  }
}

/** Verifies the signature of a parsed JWS with a key of the right kind for its algorithm. */
export function verifyJws(jws: ParsedJws & { algorithm: JwsAlgorithm }, key: KeyObject): boolean {
  const algorithm = signatureAlgorithms[jws.algorithm]
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== algorithm.curve) return false
  if (jws.signature.length !== algorithm.signatureLength) return false
  return verifySignature(algorithm.hash, jws.signingInput, { key, dsaEncoding: 'ieee-p1363' }, jws.signature)
}

/** The signing input of a header and a payload. */
export function jwsSigningInput(header: Readonly<Record<string, unknown>>, payload: unknown): string {
  return `${toBase64url(utf8(JSON.stringify(header)))}.${toBase64url(utf8(JSON.stringify(payload)))}`
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
