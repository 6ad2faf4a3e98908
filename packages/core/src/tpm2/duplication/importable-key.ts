import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { exportJwk, fromBase64url } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { hashFacts } from '../algorithms.js'
import { coordinateWidth } from '../curves.js'
import { padInteger, publicKeyOf } from '../keys.js'
import { type Random, systemRandom } from '../protection/random.js'
import type { EccPublic, RsaPublic } from '../public-area.js'
import type { ImportableObject } from './importable-object.js'

/** What {@link importableKey} takes. */
export interface ImportableKeyOptions {
  /** RSA or EC. */
  readonly privateKey: KeyObject
  /** Attributes, policy, name algorithm and schemes of the object. `unique` is filled in from the key. */
  readonly template: RsaPublic | EccPublic
  /** Password; empty by default. */
  readonly authValue?: Uint8Array
  /** Source of the seed that a storage key needs for its children; the system's by default. */
  readonly random?: Random
}

/** The public area, and the secret half of it. */
interface Halves {
  readonly publicArea: RsaPublic | EccPublic
  readonly sensitiveType: 'rsa' | 'ecc'
  readonly sensitive: Uint8Array
}

function refuse(reason: string): never {
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'privateKey', reason })
}

function jwkOf(privateKey: KeyObject): JsonWebKey {
  if (privateKey.type !== 'private') return refuse('not a private key')
  try {
    return exportJwk(privateKey)
  } catch {
    return refuse('neither RSA nor on a curve that JWK has a name for')
  }
}

/** A member of a JWK as an integer of fixed width. */
function integerOf(jwk: JsonWebKey, member: 'n' | 'p' | 'x' | 'y' | 'd', width: number): Uint8Array {
  const value = jwk[member]
  const padded = value === undefined ? undefined : padInteger(fromBase64url(value), width)
  return padded ?? refuse('not of the type and size of the template')
}

function rsaHalves(template: RsaPublic, jwk: JsonWebKey, width: number): Halves {
  const publicArea = { ...template, unique: integerOf(jwk, 'n', width) }
  return { publicArea, sensitiveType: 'rsa', sensitive: integerOf(jwk, 'p', width / 2) }
}

function eccHalves(template: EccPublic, jwk: JsonWebKey, width: number): Halves {
  const unique = { x: integerOf(jwk, 'x', width), y: integerOf(jwk, 'y', width) }
  return { publicArea: { ...template, unique }, sensitiveType: 'ecc', sensitive: integerOf(jwk, 'd', width) }
}

function halvesOf(template: RsaPublic | EccPublic, jwk: JsonWebKey): Halves {
  const { type, parameters } = template
  return type === 'rsa'
    ? rsaHalves(template, jwk, parameters.keyBits / 8)
    : eccHalves(template, jwk, coordinateWidth(parameters.curveID))
}

/** A storage key has a seed, from which the keys that protect its children come; other keys have none. */
function seedOf({ objectAttributes, nameAlg }: RsaPublic | EccPublic, random: Random): Uint8Array {
  const { restricted, decrypt } = objectAttributes
  return restricted && decrypt && nameAlg !== 'null'
    ? random.bytes(hashFacts(nameAlg).size)
    : new Uint8Array()
}

/**
 * A key that was made outside, for import into a TPM: an RSA key as one of its two primes, an EC key as its scalar.
 * Part 2, section 12.3.2.3.
 * @throws ARGUMENT_INVALID when the key is not what the template describes
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED for a key that is weak or on another curve; see `publicKeyOf`
 */
export function importableKey(options: ImportableKeyOptions): ImportableObject {
  const { privateKey, template, authValue = new Uint8Array(), random = systemRandom } = options
  const { publicArea, sensitiveType, sensitive } = halvesOf(template, jwkOf(privateKey))
  if (!publicKeyOf(publicArea).equals(createPublicKey(privateKey))) refuse('not the key of the template')
  const seedValue = seedOf(template, random)
  return { publicArea, sensitive: { sensitiveType, authValue, seedValue, sensitive } }
}
