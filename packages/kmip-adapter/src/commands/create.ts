import { protocolError } from '../messages/index.js'
import {
  createKeyPair as createKeyPairOperation,
  create as createOperation,
  createRequest,
  type DerivationParameters,
  deriveKey as deriveKeyOperation,
  keyPairAttributes,
  newAttributes,
  reKeyKeyPair as reKeyKeyPairOperation,
  reKey as reKeyOperation,
} from '../operations/index.js'
import type { AttributeSet } from '../protocol/index.js'
import { listAttributes, type UsageBit } from '../protocol/index.js'
import type { Enumerated } from '../ttlv/index.js'
import { describedAttributes, type KeyDescription, type ObjectDescription } from './attributes.js'
import { type Command, command, lastObject, type ObjectRef, requireNewId, subjectField } from './command.js'

/** A symmetric key to make. */
export interface CreateKey extends KeyDescription {
  readonly algorithm: Exclude<Enumerated<'CryptographicAlgorithm'>, number>
  readonly length: number
  /** What it may be used for; `Encrypt` and `Decrypt` by default. */
  readonly usage?: readonly UsageBit[]
}

/** Makes a symmetric key in the server; comes to its id. */
export function create(key: CreateKey): Command<string> {
  const attributes = describedAttributes({ usage: ['Encrypt', 'Decrypt'], ...key })
  return command(
    createOperation,
    null,
    (version) => createRequest('SymmetricKey', attributes, version),
    ({ objectType, uniqueIdentifier }) => {
      if (objectType === 'SymmetricKey') return requireNewId('Create', uniqueIdentifier)
      throw protocolError('Create', `expected a SymmetricKey, found a ${objectType}`)
    },
  )
}

/** The ids of a pair of keys. */
export interface KeyPairIds {
  readonly privateKey: string
  readonly publicKey: string
}

/** A pair of keys to make. */
export interface CreateKeyPair {
  /** KMIP's name, such as `RSA` or `EC`. */
  readonly algorithm: Exclude<Enumerated<'CryptographicAlgorithm'>, number>
  /** Length in bits. */
  readonly length: number
  /** The curve, where there is one. */
  readonly curve?: Exclude<Enumerated<'RecommendedCurve'>, number>
  /** What only the private key gets; to `Sign` by default. */
  readonly privateKey?: ObjectDescription
  /** What only the public key gets; to `Verify` by default. */
  readonly publicKey?: ObjectDescription
  /** What both get. */
  readonly attributes?: AttributeSet
}

function toKeyPairIds(
  operation: 'CreateKeyPair' | 'ReKeyKeyPair',
  answer: { readonly privateKeyUniqueIdentifier: string; readonly publicKeyUniqueIdentifier: string },
): KeyPairIds {
  const { privateKeyUniqueIdentifier: privateKey, publicKeyUniqueIdentifier: publicKey } = answer
  requireNewId(operation, privateKey)
  requireNewId(operation, publicKey)
  if (privateKey !== publicKey) return { privateKey, publicKey }
  throw protocolError(operation, 'both keys have one id')
}

/** Makes a pair of keys in the server; comes to their ids. */
export function createKeyPair(pair: CreateKeyPair): Command<KeyPairIds> {
  const { algorithm, length, curve, privateKey, publicKey, attributes = {} } = pair
  const domain = curve === undefined ? {} : { cryptographicDomainParameters: { recommendedCurve: curve } }
  const wanted = {
    common: describedAttributes({ algorithm, length, attributes: { ...domain, ...attributes } }),
    privateKey: describedAttributes({ usage: ['Sign'], ...privateKey }),
    publicKey: describedAttributes({ usage: ['Verify'], ...publicKey }),
  }
  return command(
    createKeyPairOperation,
    null,
    (version) => keyPairAttributes(wanted, version),
    (answer) => toKeyPairIds('CreateKeyPair', answer),
  )
}

/** What a key that replaces another gets that is not as with the other. */
export interface Replacement {
  /** Seconds from the new key's making to its activation; it keeps the other's times when absent. */
  readonly offset?: number
  readonly attributes?: AttributeSet
}

/** Makes a key that replaces another and takes its name over; comes to the new key's id. */
export function rekey(ref: ObjectRef, { offset, attributes }: Replacement = {}): Command<string> {
  return command(
    reKeyOperation,
    ref,
    (version) => ({
      ...subjectField(ref),
      ...(offset === undefined ? {} : { offset }),
      ...(attributes === undefined ? {} : newAttributes(listAttributes(attributes), version)),
    }),
    ({ uniqueIdentifier }) => requireReplacement('ReKey', ref, uniqueIdentifier),
  )
}

function requireReplacement(operation: 'ReKey' | 'ReKeyKeyPair', ref: ObjectRef, id: string): string {
  if (requireNewId(operation, id) !== ref) return id
  throw protocolError(operation, 'the new key has the id of the one that it replaces')
}

/** Makes a pair of keys that replaces another; comes to the new keys' ids. */
export function rekeyKeyPair(
  privateKey: ObjectRef,
  { offset, attributes }: Replacement = {},
): Command<KeyPairIds> {
  const common = attributes === undefined ? {} : { common: listAttributes(attributes) }
  return command(
    reKeyKeyPairOperation,
    privateKey,
    (version) => ({
      ...(privateKey === lastObject ? {} : { privateKeyUniqueIdentifier: privateKey }),
      ...(offset === undefined ? {} : { offset }),
      ...keyPairAttributes(common, version),
    }),
    (answer) => {
      const ids = toKeyPairIds('ReKeyKeyPair', answer)
      requireReplacement('ReKeyKeyPair', privateKey, ids.privateKey)
      return ids
    },
  )
}

/** A key or secret to derive. */
export interface DeriveKey extends KeyDescription {
  /** The keys and secrets to derive from. */
  readonly from: string | readonly string[]
  readonly method: Exclude<Enumerated<'DerivationMethod'>, number>
  readonly parameters?: DerivationParameters
  /** `SymmetricKey` by default. */
  readonly objectType?: 'SymmetricKey' | 'SecretData'
}

/** Derives a key or secret in the server; comes to its id. */
export function deriveKey(key: DeriveKey): Command<string> {
  const { from, method, parameters = {}, objectType = 'SymmetricKey', ...description } = key
  const bases = typeof from === 'string' ? [from] : from
  const usage: readonly UsageBit[] = ['Encrypt', 'Decrypt']
  const attributes = describedAttributes(
    objectType === 'SymmetricKey' ? { usage, ...description } : description,
  )
  return command(
    deriveKeyOperation,
    bases[0] ?? '',
    (version) => ({
      objectType,
      uniqueIdentifier: bases,
      derivationMethod: method,
      derivationParameters: parameters,
      ...newAttributes(attributes, version),
    }),
    ({ uniqueIdentifier }) => {
      if (!bases.includes(requireNewId('DeriveKey', uniqueIdentifier))) return uniqueIdentifier
      throw protocolError('DeriveKey', 'the new object has the id of one that it derives from')
    },
  )
}
