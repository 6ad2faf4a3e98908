import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes, constantTimeEqual } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  type HashAlgorithm,
  hashFacts,
  kdfa,
  type TpmtPublic,
  type TpmtSensitive,
  type TpmtSymDefObject,
  tpm2bDigest,
  tpm2bSensitive,
} from '@trusthold/core/tpm2'
import { CommandReader } from '../fields/command-reader.js'
import { buffer } from '../fields/field.js'
import { digest, sensitiveArea } from '../fields/public-area.js'
import { failure, refuse } from '../response-codes.js'
import { hmac } from './digests.js'
import type { Machine } from './machine.js'
import type { KeyObjectEntry } from './objects.js'

/** What protects something: the hash and cipher of a storage key, and a seed. */
export interface Protection {
  readonly hash: HashAlgorithm
  readonly keyBits: number
  readonly seed: Uint8Array
}

const nothing = new Uint8Array()
const blockSize = 16
const ivField = buffer(blockSize)

function cfbKeyBits(symmetric: TpmtSymDefObject): number {
  return symmetric.algorithm === 'null' ? refuse('SYMMETRIC') : symmetric.keyBits
}

/** How a storage key protects what it gets a seed for: children, credentials, duplicates. */
export function protectionOf(
  { publicArea }: Pick<KeyObjectEntry, 'publicArea'>,
  seed: Uint8Array,
): Protection {
  const { nameAlg } = publicArea
  if (nameAlg === 'null' || publicArea.type === 'keyedhash') return refuse('TYPE')
  const symmetric =
    publicArea.type === 'symcipher' ? publicArea.parameters.sym : publicArea.parameters.symmetric
  return { hash: nameAlg, keyBits: cfbKeyBits(symmetric), seed }
}

/** AES in CFB mode. */
export function cfb(
  direction: 'encrypt' | 'decrypt',
  key: Uint8Array,
  iv: Uint8Array,
  content: Uint8Array,
): Uint8Array {
  const cipher = direction === 'encrypt' ? createCipheriv : createDecipheriv
  return new Uint8Array(cipher(`aes-${key.length * 8}-cfb`, key, iv).update(content))
}

function keyOf({ hash, keyBits, seed }: Protection, name: Uint8Array): Uint8Array {
  return kdfa(hash, seed, 'STORAGE', name, nothing, keyBits)
}

function integrityOf({ hash, seed }: Protection, ...covered: readonly Uint8Array[]): Uint8Array {
  const key = kdfa(hash, seed, 'INTEGRITY', nothing, nothing, hashFacts(hash).size * 8)
  return hmac(hash, key, ...covered)
}

/** Encrypts and binds to a name, with a random IV in front or, for what gets a new seed each time, without. */
export function wrap(
  protection: Protection,
  name: Uint8Array,
  content: Uint8Array,
  iv?: Uint8Array,
): Uint8Array {
  const encrypted = cfb('encrypt', keyOf(protection, name), iv ?? new Uint8Array(blockSize), content)
  const covered = iv === undefined ? encrypted : concatBytes(encode(tpm2bDigest, iv), encrypted)
  return concatBytes(encode(tpm2bDigest, integrityOf(protection, covered, name)), covered)
}

/** Undoes {@link wrap}; TPM_RC_INTEGRITY when anything was changed or the name is another one. */
export function unwrap(
  protection: Protection,
  name: Uint8Array,
  wrapped: Uint8Array,
  hasIv: boolean,
): Uint8Array {
  const reader = new CommandReader(wrapped)
  const integrity = digest.read(reader)
  const covered = wrapped.subarray(reader.offset)
  if (!constantTimeEqual(integrity, integrityOf(protection, covered, name))) refuse('INTEGRITY')
  const iv = hasIv ? ivField.read(reader) : new Uint8Array(blockSize)
  if (iv.length !== blockSize) refuse('SIZE')
  return cfb('decrypt', keyOf(protection, name), iv, wrapped.subarray(reader.offset))
}

/** Seed of what a storage key protects. */
function parentProtection(parent: KeyObjectEntry): Protection {
  return protectionOf(parent, parent.sensitive?.seedValue ?? refuse('TYPE'))
}

/** TPM2B_PRIVATE of a child. Part 1, section 22.4. */
export function sensitiveToPrivate(
  machine: Machine,
  parent: KeyObjectEntry,
  name: Uint8Array,
  sensitive: TpmtSensitive,
): Uint8Array {
  const iv = machine.random.bytes(blockSize)
  return wrap(parentProtection(parent), name, encode(tpm2bSensitive, sensitive), iv)
}

/** Reads a decrypted TPM2B_SENSITIVE, which has to take up everything. */
export function readSensitive(content: Uint8Array, { nameAlg }: TpmtPublic): TpmtSensitive {
  const reader = new CommandReader(content)
  if (reader.u16() !== content.length - 2) refuse('SIZE')
  const sensitive = sensitiveArea.read(reader)
  if (reader.remaining > 0) refuse('SIZE')
  // A shorter value was given where a longer one is kept.
  const size = nameAlg === 'null' ? 0 : hashFacts(nameAlg).size
  if (size === 0 || sensitive.authValue.length >= size) return sensitive
  const authValue = new Uint8Array(size)
  authValue.set(sensitive.authValue)
  return { ...sensitive, authValue }
}

/** Undoes {@link sensitiveToPrivate}. */
export function privateToSensitive(
  parent: KeyObjectEntry,
  name: Uint8Array,
  publicArea: TpmtPublic,
  privateArea: Uint8Array,
): TpmtSensitive {
  if (privateArea.length === 0) throw failure('SIZE')
  return readSensitive(unwrap(parentProtection(parent), name, privateArea, true), publicArea)
}
