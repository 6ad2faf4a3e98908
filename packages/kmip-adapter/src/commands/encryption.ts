import { equalBytes, SecretBytes } from '@trusthold/core/bytes'
import { protocolError } from '../messages/index.js'
import {
  type DecryptResponse,
  decrypt as decryptOperation,
  type EncryptResponse,
  encrypt as encryptOperation,
  type OperationName,
} from '../operations/index.js'
import type { CryptographicParameters } from '../protocol/index.js'
import { isAtLeast, type KmipVersion } from '../ttlv/index.js'
import {
  type AuthenticationTag,
  isAuthenticated,
  requireOpened,
  requireTag,
  requireTagLength,
  tagOf,
} from './authentication-tag.js'
import { type Command, command, type ObjectRef, subjectField, unsupported } from './command.js'

/** One part of data that are sent in several. KMIP 1.3 and later; all parts have to reach the same server. */
export interface CipherPart {
  /** The first part. */
  readonly first?: boolean
  /** The last part. */
  readonly last?: boolean
  /** What the answer to the part before gave; not with the first. */
  readonly correlationValue?: Uint8Array
}

/** How data are encrypted or decrypted. */
export interface CipherOptions {
  /** Mode, padding, lengths; {@link aesGcm} and {@link aesCbc} are two that are usual. */
  readonly parameters: CryptographicParameters
  /** Data that an authenticated mode protects without encrypting them. */
  readonly additionalData?: Uint8Array
  readonly part?: CipherPart
}

/** AES in Galois/Counter Mode: an initialization vector of 96 bits, a tag of 16 bytes. NIST SP 800-38D. */
export const aesGcm: CryptographicParameters = {
  blockCipherMode: 'GCM',
  cryptographicAlgorithm: 'AES',
  ivLength: 96,
  tagLength: 16,
}

/** AES in Cipher Block Chaining mode with PKCS #5 padding. It does not authenticate. */
export const aesCbc: CryptographicParameters = {
  blockCipherMode: 'CBC',
  paddingMethod: 'PKCS5',
  cryptographicAlgorithm: 'AES',
}

/** What encryption made. */
export interface Encrypted {
  readonly data: Uint8Array
  /** Initialization vector, counter or nonce that was used; absent when neither side named one. */
  readonly iv?: Uint8Array
  /** Present whenever the mode is an authenticated one. */
  readonly tag?: AuthenticationTag
  /** Leads to the next part. */
  readonly correlationValue?: Uint8Array
}

/** What decryption made. */
export interface Decrypted {
  /** The caller wipes it. */
  readonly data: SecretBytes
  /** Leads to the next part. */
  readonly correlationValue?: Uint8Array
}

/** Before 1.4 servers lose the tag, and what they encrypted with it. */
function requireVersion(
  operation: OperationName,
  { parameters, part }: CipherOptions,
  version: KmipVersion,
): void {
  if (isAuthenticated(parameters) && !isAtLeast(version, '1.4')) {
    throw unsupported(operation, `authenticated encryption needs KMIP 1.4, the server speaks ${version}`)
  }
  if (part !== undefined && !isAtLeast(version, '1.3')) {
    throw unsupported(operation, `data in several parts need KMIP 1.3, the server speaks ${version}`)
  }
}

function partFields(part: CipherPart | undefined) {
  if (part === undefined) return {}
  return {
    ...(part.correlationValue === undefined ? {} : { correlationValue: part.correlationValue }),
    ...(part.first === true ? { initIndicator: true } : {}),
    ...(part.last === true ? { finalIndicator: true } : {}),
  }
}

function sharedFields(
  { parameters, additionalData = new Uint8Array(), part }: CipherOptions,
  iv?: Uint8Array,
) {
  return {
    cryptographicParameters: parameters,
    ...(iv === undefined ? {} : { ivCounterNonce: iv }),
    ...partFields(part),
    // To the cipher, data that are empty and none at all are the same.
    ...(additionalData.length === 0 ? {} : { authenticatedEncryptionAdditionalData: additionalData }),
  }
}

/** Whether more parts follow this one. */
function isOpen(part: CipherPart | undefined): boolean {
  return part !== undefined && part.last !== true
}

function nextPart(
  operation: OperationName,
  part: CipherPart | undefined,
  correlationValue: Uint8Array | undefined,
): { correlationValue?: Uint8Array } {
  if (!isOpen(part)) return {}
  if (correlationValue === undefined) throw protocolError(operation, 'nothing leads to the next part')
  return { correlationValue }
}

function usedVector(
  answer: EncryptResponse,
  iv: Uint8Array | undefined,
  { parameters, part }: CipherOptions,
): { iv?: Uint8Array } {
  const { ivCounterNonce: used = iv } = answer
  if (used === undefined) {
    if (part !== undefined || !isAuthenticated(parameters)) return {}
    throw protocolError('Encrypt', 'no initialization vector came back')
  }
  if (iv === undefined || equalBytes(used, iv)) return { iv: used }
  throw protocolError('Encrypt', 'another initialization vector was used')
}

/** Encrypts in the server; `iv` is the server's choice when absent, if `parameters.randomIv` lets it. */
export function encrypt(
  ref: ObjectRef,
  data: Uint8Array | SecretBytes,
  options: CipherOptions & { readonly iv?: Uint8Array },
): Command<Encrypted> {
  const { iv, part, parameters } = options
  requireTagLength(parameters)
  const plain = data instanceof SecretBytes ? data : SecretBytes.from(data)
  return command(
    { ...encryptOperation, repeatable: part === undefined },
    ref,
    (version) => {
      requireVersion('Encrypt', options, version)
      return { ...subjectField(ref), data: plain, ...sharedFields(options, iv) }
    },
    (answer) => ({
      data: answer.data ?? requireOpen('Encrypt', part),
      ...usedVector(answer, iv, options),
      ...(isOpen(part) ? {} : tagOf(answer, data.length, part === undefined, parameters)),
      ...nextPart('Encrypt', part, answer.correlationValue),
    }),
  )
}

/** A part may come to nothing yet. */
function requireOpen(operation: OperationName, part: CipherPart | undefined): Uint8Array {
  if (part !== undefined) return new Uint8Array()
  throw protocolError(operation, 'the answer has no data')
}

function decrypted(
  answer: DecryptResponse,
  { data: sealed, tag }: Encrypted,
  { parameters, part }: CipherOptions,
): Decrypted {
  if (part === undefined) requireOpened(answer, sealed, tag, parameters)
  const data = answer.data ?? SecretBytes.take(requireOpen('Decrypt', part))
  return { data, ...nextPart('Decrypt', part, answer.correlationValue) }
}

/** Decrypts in the server what {@link encrypt} made. */
export function decrypt(ref: ObjectRef, encrypted: Encrypted, options: CipherOptions): Command<Decrypted> {
  const { data, iv, tag } = encrypted
  const { part } = options
  if (!isOpen(part)) requireTag(options.parameters, tag)
  return command(
    { ...decryptOperation, repeatable: part === undefined },
    ref,
    (version) => {
      requireVersion('Decrypt', options, version)
      return {
        ...subjectField(ref),
        data,
        ...sharedFields(options, iv),
        ...(tag === undefined || tag === 'appended' ? {} : { authenticatedEncryptionTag: tag }),
      }
    },
    (answer) => decrypted(answer, encrypted, options),
  )
}
