import { concatBytes } from '@trusthold/core/bytes'
import {
  computeName,
  digestOf,
  type EccPublic,
  type HashAlgorithm,
  hashFacts,
  type RsaPublic,
  type TpmlPcrSelection,
  type TpmsCreationData,
  type TpmsSensitiveCreate,
  type TpmtPublic,
  type TpmtSensitive,
} from '@trusthold/core/tpm2'
import { inParameter, refuse } from '../response-codes.js'
import type { ByteStream } from './byte-stream.js'
import { curveOf, makeScalar, publicPoint } from './ecc-keys.js'
import type { Machine } from './machine.js'
import { existingSelection, selectedDigest } from './pcrs.js'
import { publicExponent, type RsaHalves } from './rsa-keys.js'

/** The two halves of a new object. */
export interface CreatedObject {
  readonly publicArea: TpmtPublic
  readonly sensitive: TpmtSensitive
}

/** How RSA keys are made: from the stream, or from memory. */
export type RsaMaker = (stream: ByteStream, bits: number) => RsaHalves

const nothing = new Uint8Array()

/** Authorisation values are kept as long as a digest of the name algorithm. Part 1, section 19.6.4. */
export function padAuth(auth: Uint8Array, nameAlg: HashAlgorithm | 'null'): Uint8Array {
  if (nameAlg === 'null') return auth
  const { size } = hashFacts(nameAlg)
  if (auth.length > size) refuse('SIZE')
  const padded = new Uint8Array(size)
  padded.set(auth)
  return padded
}

/** Public part of an object that has no public key. Part 1, section 27.5. */
export function symmetricUnique(
  nameAlg: HashAlgorithm,
  { seedValue, sensitive }: Pick<TpmtSensitive, 'seedValue' | 'sensitive'>,
): Uint8Array {
  return digestOf(nameAlg, concatBytes(seedValue, sensitive))
}

function isStorageKey({ objectAttributes: { restricted, decrypt } }: TpmtPublic): boolean {
  return restricted && decrypt
}

function requireExponent(exponent: number): void {
  if (exponent !== 0 && exponent !== publicExponent) refuse('RANGE')
}

interface Ingredients {
  readonly authValue: Uint8Array
  readonly data: Uint8Array
  readonly nameAlg: HashAlgorithm
  readonly stream: ByteStream
  readonly makeRsa: RsaMaker
}

function createRsa(area: RsaPublic, { authValue, nameAlg, stream, makeRsa }: Ingredients): CreatedObject {
  requireExponent(area.parameters.exponent)
  // Before the primes: those of a primary key may be remembered, and then take nothing from the stream.
  const seedValue = isStorageKey(area) ? stream.bytes(hashFacts(nameAlg).size) : nothing
  const { modulus, prime } = makeRsa(stream, area.parameters.keyBits)
  return {
    publicArea: { ...area, unique: modulus },
    sensitive: { sensitiveType: 'rsa', authValue, seedValue, sensitive: prime },
  }
}

function createEcc(area: EccPublic, { authValue, nameAlg, stream }: Ingredients): CreatedObject {
  const curve = curveOf(area.parameters.curveID)
  const scalar = makeScalar(stream, curve)
  const seedValue = isStorageKey(area) ? stream.bytes(hashFacts(nameAlg).size) : nothing
  return {
    publicArea: { ...area, unique: publicPoint(curve, scalar) },
    sensitive: { sensitiveType: 'ecc', authValue, seedValue, sensitive: scalar },
  }
}

type SymmetricPublic = Extract<TpmtPublic, { readonly type: 'keyedhash' | 'symcipher' }>

/** The key of a symmetric object: the caller's, or a new one. */
function symmetricKey(area: SymmetricPublic, { data, nameAlg, stream }: Ingredients): Uint8Array {
  if (area.type === 'symcipher') {
    const length = 'keyBits' in area.parameters.sym ? area.parameters.sym.keyBits / 8 : 0
    if (data.length === 0) return stream.bytes(length)
    return data.length === length ? data : refuse('KEY_SIZE')
  }
  const { scheme } = area.parameters
  const { sign, decrypt } = area.objectAttributes
  const facts = hashFacts('hashAlg' in scheme ? scheme.hashAlg : nameAlg)
  if ((sign || decrypt) && data.length > facts.block) refuse('SIZE')
  return data.length === 0 ? stream.bytes(facts.size) : data
}

function createSymmetric(area: SymmetricPublic, ingredients: Ingredients): CreatedObject {
  const { authValue, nameAlg, stream } = ingredients
  const key = symmetricKey(area, ingredients)
  const seedValue = stream.bytes(hashFacts(nameAlg).size)
  const parts = { authValue, seedValue, sensitive: key }
  const unique = symmetricUnique(nameAlg, parts)
  return { publicArea: { ...area, unique }, sensitive: { sensitiveType: area.type, ...parts } }
}

/**
 * Makes an object of a template that was checked. What is wrong with the template is parameter 2 of both commands that
 * make objects, what is wrong with the caller's data parameter 1.
 */
export function createObject(
  template: TpmtPublic,
  { userAuth, data }: TpmsSensitiveCreate,
  stream: ByteStream,
  makeRsa: RsaMaker,
): CreatedObject {
  const { nameAlg } = template
  if (nameAlg === 'null') return refuse('HASH')
  const authValue = inParameter(1, () => padAuth(userAuth, nameAlg))
  const ingredients = { authValue, data, nameAlg, stream, makeRsa }
  if (template.type === 'rsa') return createRsa(template, ingredients)
  if (template.type === 'ecc') return createEcc(template, ingredients)
  return createSymmetric(template, ingredients)
}

/** The circumstances of a creation. */
export interface CreationCircumstances {
  readonly outsideInfo: Uint8Array
  readonly creationPCR: TpmlPcrSelection
  readonly parentNameAlg: HashAlgorithm | 'null'
  readonly parentName: Uint8Array
  readonly parentQualifiedName: Uint8Array
}

/** TPMS_CREATION_DATA of a new object. Part 2, section 15.1. */
export function creationDataOf(
  machine: Machine,
  { nameAlg }: TpmtPublic,
  circumstances: CreationCircumstances,
): TpmsCreationData {
  const { outsideInfo, creationPCR, ...parent } = circumstances
  const { locality } = machine.volatile
  return {
    pcrSelect: existingSelection(machine, creationPCR),
    pcrDigest: nameAlg === 'null' ? nothing : selectedDigest(machine, nameAlg as never, creationPCR),
    locality: [locality],
    ...parent,
    outsideInfo,
  }
}

/** Name of a public area; empty when it has no name algorithm. */
export function nameOf(area: TpmtPublic): Uint8Array {
  return area.nameAlg === 'null' ? nothing : computeName(area)
}
