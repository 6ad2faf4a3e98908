import { createECDH } from 'node:crypto'
import { concatBytes, constantTimeEqual, toHex } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../algorithms.js'
import { curveFacts } from '../curves.js'
import { padInteger } from '../keys.js'
import type { EccPublic, RsaPublic } from '../public-area.js'
import type { ImportableObject } from './importable-object.js'

const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x0${toHex(bytes)}`)

/** Whether the prime is one of the two that make the modulus. */
function isPrimeOf(prime: Uint8Array, { parameters, unique }: RsaPublic): boolean {
  const p = toInteger(prime)
  return prime.length === parameters.keyBits / 16 && p > 1n && toInteger(unique) % p === 0n
}

function isScalarOf(scalar: Uint8Array, { parameters, unique }: EccPublic): boolean {
  const curve = curveFacts(parameters.curveID)
  const [x, y] = curve === undefined ? [] : [unique.x, unique.y].map((each) => padInteger(each, curve.bytes))
  if (curve === undefined || x === undefined || y === undefined) return false
  const key = createECDH(curve.node)
  try {
    key.setPrivateKey(scalar)
  } catch {
    return false
  }
  return constantTimeEqual(key.getPublicKey(), Uint8Array.of(4, ...x, ...y))
}

/**
 * The public part of an object without a public key: a digest that says nothing of the data, as the seed is secret.
 * Part 1, section 27.
 */
export function computeUnique(nameAlg: HashAlgorithm, seedValue: Uint8Array, data: Uint8Array): Uint8Array {
  return digestOf(nameAlg, concatBytes(seedValue, data))
}

/** Whether the halves of an object belong together, as TPM2_Load checks it. */
export function belongTogether({ publicArea, sensitive }: ImportableObject): boolean {
  const { nameAlg } = publicArea
  if (publicArea.type !== sensitive.sensitiveType || nameAlg === 'null') return false
  if (publicArea.type === 'rsa') return isPrimeOf(sensitive.sensitive, publicArea)
  if (publicArea.type === 'ecc') return isScalarOf(sensitive.sensitive, publicArea)
  const { seedValue } = sensitive
  return (
    seedValue.length === hashFacts(nameAlg).size &&
    constantTimeEqual(publicArea.unique, computeUnique(nameAlg, seedValue, sensitive.sensitive))
  )
}
