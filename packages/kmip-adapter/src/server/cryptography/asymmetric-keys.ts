import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'

type Format = Enumerated<'KeyFormatType'>
/** Which half of a key pair. */
export type KeyHalf = 'PublicKey' | 'PrivateKey'

interface DerForm {
  readonly type: 'pkcs1' | 'pkcs8' | 'spki' | 'sec1'
  /** Algorithms that have it; all when absent. */
  readonly only?: 'rsa' | 'ec'
}

/** KMIP's formats of keys in DER. KMIP 1.4, section 9.1.3.2.3. */
const forms: Readonly<Record<KeyHalf, Readonly<Record<string, DerForm>>>> = {
  PrivateKey: {
    PKCS_1: { type: 'pkcs1', only: 'rsa' },
    PKCS_8: { type: 'pkcs8' },
    ECPrivateKey: { type: 'sec1', only: 'ec' },
  },
  PublicKey: {
    PKCS_1: { type: 'pkcs1', only: 'rsa' },
    X_509: { type: 'spki' },
  },
}

function formOf(half: KeyHalf, format: Format): DerForm {
  const known = forms[half]
  const name = String(format)
  const form = Object.hasOwn(known, name) ? known[name] : undefined
  return form ?? refuse('KeyFormatTypeNotSupported', `a ${half} in format ${format} is not supported`)
}

/** Reads a key. @throws Refusal when it is not one of that format */
export function readKey(half: KeyHalf, format: Format, der: Uint8Array): KeyObject {
  const { type } = formOf(half, format)
  const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  try {
    return half === 'PrivateKey'
      ? createPrivateKey({ key, format: 'der', type: type as 'pkcs8' })
      : createPublicKey({ key, format: 'der', type: type as 'spki' })
  } catch {
    return refuse('InvalidField', `the key material is not a ${half} in format ${format}`)
  }
}

/** Writes a key in a format. The caller wipes it when it is secret. @throws Refusal */
export function writeKey(half: KeyHalf, key: KeyObject, format: Format): Uint8Array {
  const { type, only } = formOf(half, format)
  if (only !== undefined && key.asymmetricKeyType !== only) {
    return refuse('KeyFormatTypeNotSupported', `this key has no format ${format}`)
  }
  const der = key.export({ format: 'der', type: type as 'pkcs8' }) as Buffer
  return new Uint8Array(der.buffer, der.byteOffset, der.length)
}

/** Curves that pairs can be made over, with their length in bits and Node's name. */
const curves: Readonly<Record<string, { readonly bits: number; readonly name: string }>> = {
  P_224: { bits: 224, name: 'secp224r1' },
  P_256: { bits: 256, name: 'prime256v1' },
  P_384: { bits: 384, name: 'secp384r1' },
  P_521: { bits: 521, name: 'secp521r1' },
  SECP256K1: { bits: 256, name: 'secp256k1' },
}

/** What a pair is made of. */
export interface PairRecipe {
  readonly algorithm: Enumerated<'CryptographicAlgorithm'> | undefined
  /** Bits. */
  readonly length: number | undefined
  readonly curve: Enumerated<'RecommendedCurve'> | undefined
}

/** A new pair. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** Bits. */
  readonly length: number
}

const rsaLengths = [2048, 3072, 4096]
const ecAlgorithms: readonly unknown[] = ['EC', 'ECDSA', 'ECDH']

const generate = promisify(generateKeyPair)

/**
 * Makes a pair: RSA of 2048 to 4096 bits, or over a curve, by its name or its length. Off the thread that serves the
 * other clients: large RSA keys take seconds.
 * @throws Refusal
 */
export async function generatePair({ algorithm, length, curve }: PairRecipe): Promise<KeyPair> {
  if (algorithm === 'RSA') {
    if (length === undefined || !rsaLengths.includes(length)) {
      return refuse('InvalidField', `RSA keys have ${rsaLengths.join(', ')} bits`)
    }
    return { ...(await generate('rsa', { modulusLength: length })), length }
  }
  if (!ecAlgorithms.includes(algorithm)) {
    return refuse('InvalidField', `key pairs for ${algorithm ?? 'no Cryptographic Algorithm'} are not made`)
  }
  const found = Object.entries(curves).find(([name, { bits }]) =>
    curve === undefined ? bits === length : name === curve,
  )?.[1]
  if (found === undefined || (length !== undefined && length !== found.bits)) {
    return refuse('InvalidField', `key pairs over ${curve ?? 'a curve'} of ${length} bits are not made`)
  }
  return { ...(await generate('ec', { namedCurve: found.name })), length: found.bits }
}

/** Algorithm and length of a key, as attributes say them; undefined for one that KMIP has no name for. */
export function describeKey(
  key: KeyObject,
): { readonly algorithm: 'RSA' | 'EC'; readonly length: number } | undefined {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength !== undefined) {
    return { algorithm: 'RSA', length: modulusLength }
  }
  const curve = Object.values(curves).find(({ name }) => name === namedCurve)
  return curve === undefined ? undefined : { algorithm: 'EC', length: curve.bits }
}
