import { hash as hashOnce } from 'node:crypto'
import { concatBytes } from '../../bytes/index.js'
import { verifyEcdsaDigest } from './ecdsa-digest.js'
import { type FileSignature, readFileSignature } from './file-signature.js'
import { type ImaHashFacts, imaHashByName } from './hash-algorithms.js'
import type { ImaEntry } from './ima-log.js'
import type { ImaKeyring } from './keyring.js'
import { verifyRsaDigest } from './rsa-digest.js'

/** What an entry's signature proves. */
export type SignatureResult =
  /** The digest was signed with this key. It proves the content, and nothing of its path or age. */
  | { readonly outcome: 'verified'; readonly key: string; readonly keyId: string }
  /** Of a key that is not in the keyring. */
  | { readonly outcome: 'unknown-key'; readonly keyId: string; readonly reason: string }
  /** Not a signature over the digest that the entry states, or malformed. */
  | { readonly outcome: 'bad'; readonly keyId: string | undefined; readonly reason: string }
  /** Of a kind that is not verified here. */
  | { readonly outcome: 'unsupported'; readonly reason: string }
  | { readonly outcome: 'unsigned'; readonly reason: string }

/** What {@link verifyFileSignature} takes besides entry and keyring. */
export interface FileSignatureOptions {
  /** Accepts signatures over SHA-1 digests; refused by default. */
  readonly allowSha1?: boolean
}

/**
 * Verifies the signature that an entry has of its file (field `sig`): RSASSA-PKCS1-v1_5 or ECDSA over the digest that
 * the entry states (version 2), or over that with its kind before it (version 3; fs-verity). An appended signature
 * (field `modsig`, PKCS#7) is told from none, and not verified. Whether the kernel measured the entry is not asked here;
 * see {@link matchImaLog}.
 */
export function verifyFileSignature(
  entry: ImaEntry,
  keyring: ImaKeyring,
  options: FileSignatureOptions = {},
): SignatureResult {
  if (entry.violation) return { outcome: 'unsigned', reason: 'nothing that a violation states is measured' }
  const attribute = entry.signature
  if (attribute === undefined) return withoutAttribute(entry)
  const signature = readFileSignature(attribute)
  if ('unsupported' in signature) return { outcome: 'unsupported', reason: signature.unsupported }
  if ('malformed' in signature) return { outcome: 'bad', keyId: undefined, reason: signature.malformed }
  const { keyId, algorithm } = signature
  const facts = imaHashByName(algorithm)
  if (facts?.oid === undefined || (facts.legacy === true && options.allowSha1 !== true)) {
    return { outcome: 'unsupported', reason: `a signature over a digest of ${algorithm} is not accepted` }
  }
  const { oid } = facts
  const digest = signedDigest(entry, signature, facts)
  if ('reason' in digest) return { outcome: 'bad', keyId, reason: digest.reason }
  const keys = keyring.find(keyId)
  if (keys.length === 0) return { outcome: 'unknown-key', keyId, reason: `no key ${keyId} is known` }
  const found = keys.find(({ key }) =>
    key.asymmetricKeyType === 'rsa'
      ? verifyRsaDigest(key, oid, digest.value, signature.signature)
      : verifyEcdsaDigest(key, digest.value, signature.signature),
  )
  if (found !== undefined) return { outcome: 'verified', key: found.name, keyId }
  return { outcome: 'bad', keyId, reason: `it is not a signature of key ${keyId} over the file's digest` }
}

function withoutAttribute(entry: ImaEntry): SignatureResult {
  for (const name of ['modsig', 'evmsig'] as const) {
    const field = entry.field(name)
    if (field === undefined || field.length === 0) continue
    const what =
      name === 'modsig' ? 'an appended signature (PKCS#7)' : 'a signature of EVM over its attributes'
    return { outcome: 'unsupported', reason: `it has only ${what}, which is not verified here` }
  }
  return { outcome: 'unsigned', reason: 'it has no signature' }
}

/** What was signed, when it is of the digest that the entry states. */
function signedDigest(
  entry: ImaEntry,
  signature: FileSignature,
  facts: ImaHashFacts,
): { readonly value: Uint8Array } | { readonly reason: string } {
  const stated = entry.fileDigest
  if (stated?.algorithm !== signature.algorithm || stated.value.length !== facts.size) {
    const shown = stated === undefined ? 'none' : stated.algorithm
    return {
      reason: `it is over a digest of ${signature.algorithm}, the entry has ${JSON.stringify(shown)}`,
    }
  }
  if (stated.type !== undefined && stated.type !== signature.of) {
    return { reason: `it is over a digest of kind ${signature.of}, the entry has one of kind ${stated.type}` }
  }
  if (signature.over === 'digest') return { value: stated.value }
  const fileId = concatBytes(Uint8Array.of(signature.type, signature.algorithmId), stated.value)
  return { value: hashOnce(facts.node, fileId, 'buffer') }
}
