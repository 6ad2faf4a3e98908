import {
  constants,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
  publicDecrypt,
  publicEncrypt,
} from 'node:crypto'
import { concatBytes, constantTimeEqual, equalBytes, fromHex } from '@trusthold/core/bytes'
import { digestOf, type HashAlgorithm, hashFacts } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'

/** DER of a DigestInfo up to the digest. RFC 8017, section 9.2, note 1. */
const digestInfoStart: Readonly<Record<string, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

function digestInfo(hash: HashAlgorithm, digest: Uint8Array): Uint8Array {
  return concatBytes(fromHex(digestInfoStart[hash] ?? ''), digest)
}

const { RSA_PKCS1_PADDING, RSA_NO_PADDING } = constants

/** What OpenSSL computes; TPM_RC_FAILURE for keys from outside that nobody can compute with, as of an even modulus. */
export function computeRsa(run: () => Uint8Array): Uint8Array {
  try {
    return new Uint8Array(run())
  } catch {
    return refuse('FAILURE')
  }
}

/** RSASSA-PKCS1-v1_5 over a digest. RFC 8017, section 8.2. */
export function signRsassa(key: KeyObject, hash: HashAlgorithm, digest: Uint8Array): Uint8Array {
  return computeRsa(() => privateEncrypt({ key, padding: RSA_PKCS1_PADDING }, digestInfo(hash, digest)))
}

/** Whether a signature of {@link signRsassa} is the key's over a digest. */
export function verifyRsassa(
  key: KeyObject,
  hash: HashAlgorithm,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const opened = publicDecrypt({ key, padding: RSA_PKCS1_PADDING }, signature)
    return equalBytes(new Uint8Array(opened), digestInfo(hash, digest))
  } catch {
    return false
  }
}

/** RSA without padding. */
export function rsaPrivate(key: KeyObject, value: Uint8Array): Uint8Array {
  return computeRsa(() => privateDecrypt({ key, padding: RSA_NO_PADDING }, value))
}

/** RSA without padding. */
export function rsaPublic(key: KeyObject, value: Uint8Array): Uint8Array {
  return computeRsa(() => publicEncrypt({ key, padding: RSA_NO_PADDING }, value))
}

/** MGF1. RFC 8017, annex B.2.1. */
function mask(hash: HashAlgorithm, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let i = 0; blocks.length * hashFacts(hash).size < length; i++) {
    blocks.push(digestOf(hash, concatBytes(seed, Uint8Array.of(0, 0, 0, i))))
  }
  return concatBytes(...blocks).slice(0, length)
}

/** What was padded with RSAES-PKCS1-v1_5; undefined when nothing was. RFC 8017, section 7.2.2. */
export function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  const end = padded.indexOf(0, 2)
  const whole = padded[0] === 0 && padded[1] === 2 && end >= 10
  return whole ? padded.slice(end + 1) : undefined
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0))
}

/** EMSA-PSS with a salt as long as the digest, for a modulus whose highest bit is set. RFC 8017, section 9.1.1. */
export function encodePss(
  hash: HashAlgorithm,
  digest: Uint8Array,
  salt: Uint8Array,
  length: number,
): Uint8Array {
  const inner = digestOf(hash, concatBytes(new Uint8Array(8), digest, salt))
  const block = new Uint8Array(length - inner.length - 1)
  block.set(salt, block.length - salt.length)
  block[block.length - salt.length - 1] = 1
  const masked = xor(block, mask(hash, inner, block.length))
  masked[0] = (masked[0] ?? 0) & 0x7f
  return concatBytes(masked, inner, Uint8Array.of(0xbc))
}

/** Whether an encoded message is of a digest, whatever the salt's length. RFC 8017, section 9.1.2. */
export function isPssOf(hash: HashAlgorithm, digest: Uint8Array, encoded: Uint8Array): boolean {
  const { size } = hashFacts(hash)
  if (encoded.length < size + 2 || encoded.at(-1) !== 0xbc || ((encoded[0] ?? 0) & 0x80) !== 0) return false
  const masked = encoded.subarray(0, encoded.length - size - 1)
  const inner = encoded.subarray(masked.length, masked.length + size)
  const block = xor(masked, mask(hash, inner, masked.length))
  block[0] = (block[0] ?? 0) & 0x7f
  const start = block.findIndex((byte) => byte !== 0)
  if (start === -1 || block[start] !== 1) return false
  const salt = block.subarray(start + 1)
  return constantTimeEqual(inner, digestOf(hash, concatBytes(new Uint8Array(8), digest, salt)))
}
