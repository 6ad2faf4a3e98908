import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { concatBytes, fromBase64url, SecretBytes, toBase64url, utf8 } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { parseJsonObject } from './json.js'
import { type EcPublicJwk, importEcPublicJwk } from './jwk.js'

const refuse = (what: string, reason: string, cause?: unknown) =>
  new TrustholdError('JOSE_INVALID', { what, reason }, { cause })

/** Members of a protected header beside `alg` and `enc`. */
export type JweHeader = Readonly<Record<string, string | number>>

/** A compact JWE, taken apart and not yet opened. */
export interface ParsedJwe {
  readonly header: Readonly<Record<string, unknown>>
  readonly aad: Uint8Array
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
  readonly tag: Uint8Array
}

/** What a cipher made of a plaintext. */
export type SealedParts = Pick<ParsedJwe, 'iv' | 'ciphertext' | 'tag'>

/**
 * The protected header of a compact JWE with `dir` and `A256GCM`, encoded: as ASCII it is the additional data (RFC 7516
 * section 5.1).
 */
export function directHeader(header: JweHeader): string {
  return toBase64url(utf8(JSON.stringify({ ...header, alg: 'dir', enc: 'A256GCM' })))
}

/**
 * Puts a compact JWE together from what was encrypted with its header as additional data.
 * @param protectedHeader of {@link directHeader}
 */
export function joinDirect(protectedHeader: string, { iv, ciphertext, tag }: SealedParts): string {
  return `${protectedHeader}..${toBase64url(iv)}.${toBase64url(ciphertext)}.${toBase64url(tag)}`
}

/**
 * Encrypts under a shared key: compact JWE with `dir` and `A256GCM` (RFC 7516, RFC 7518 sections 4.5 and 5.3).
 * @param key 32 bytes
 * @param iv 12 bytes, never used before with this key
 */
export function sealDirect(
  key: Uint8Array,
  iv: Uint8Array,
  header: JweHeader,
  plaintext: Uint8Array,
): string {
  const protectedHeader = directHeader(header)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(utf8(protectedHeader))
  const ciphertext = concatBytes(cipher.update(plaintext), cipher.final())
  return joinDirect(protectedHeader, { iv, ciphertext, tag: cipher.getAuthTag() })
}

/**
 * Takes a compact JWE of {@link sealDirect} apart. Nothing of it is authentic before {@link openDirect}.
 * @throws JOSE_INVALID
 */
export function parseDirect(jwe: string, what: string, maxLength: number): ParsedJwe {
  if (jwe.length > maxLength) throw refuse(what, `it is longer than ${maxLength} characters`)
  const parts = jwe.split('.')
  if (parts.length !== 5) throw refuse(what, 'expected five parts')
  const [header64, key64, iv64, ciphertext64, tag64] = parts as [string, string, string, string, string]
  if (key64 !== '') throw refuse(what, 'expected no encrypted key')
  const [headerBytes, iv, ciphertext, tag] = decodeParts([header64, iv64, ciphertext64, tag64], what)
  const header = parseJsonObject(headerBytes, `${what} header`)
  if (header['alg'] !== 'dir' || header['enc'] !== 'A256GCM') throw refuse(what, 'expected dir with A256GCM')
  if ('crit' in header || 'zip' in header) throw refuse(what, 'it has extensions')
  if (iv.length !== 12 || tag.length !== 16) throw refuse(what, 'expected an IV of 12 and a tag of 16 bytes')
  return { header, aad: utf8(header64), iv, ciphertext, tag }
}

/**
 * Opens a parsed JWE.
 * @throws JOSE_INVALID when it was not made with this key or was changed
 */
export function openDirect(key: Uint8Array, jwe: ParsedJwe, what: string): SecretBytes {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, jwe.iv, { authTagLength: 16 })
    decipher.setAAD(jwe.aad)
    decipher.setAuthTag(jwe.tag)
    const plaintext = decipher.update(jwe.ciphertext)
    decipher.final()
    return SecretBytes.take(plaintext)
  } catch {
    throw refuse(what, 'it does not open')
  }
}

/**
 * Encrypts to a public key: compact JWE with `ECDH-ES` and `A256GCM`.
 * @param header authenticated with the content
 */
export async function encryptTo(
  recipient: EcPublicJwk,
  header: JweHeader,
  plaintext: Uint8Array,
): Promise<string> {
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ ...header, alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(importEcPublicJwk(recipient, 'recipient key'))
}

/**
 * Opens what {@link encryptTo} made. Every member of `expected` must be in the header with that value.
 * @throws JOSE_INVALID
 */
export async function decryptWith(
  privateKey: KeyObject,
  jwe: string,
  expected: JweHeader,
  what: string,
): Promise<SecretBytes> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    const header = protectedHeader as Record<string, unknown>
    const wrong = Object.keys(expected).find((name) => header[name] !== expected[name])
    if (wrong !== undefined) throw refuse(what, `header member ${wrong} is not the expected one`)
    return SecretBytes.take(plaintext)
  } catch (error) {
    if (error instanceof TrustholdError) throw error
    throw refuse(what, 'it does not open with this key', error)
  }
}

function decodeParts(
  parts: readonly [string, string, string, string],
  what: string,
): [Uint8Array, Uint8Array, Uint8Array, Uint8Array] {
  try {
    return [
      fromBase64url(parts[0]),
      fromBase64url(parts[1]),
      fromBase64url(parts[2]),
      fromBase64url(parts[3]),
    ]
  } catch (cause) {
    throw refuse(what, 'a part is not base64url', cause)
  }
}
