import { constantTimeEqual } from '@trusthold/core/bytes'
import {
  type EccPublic,
  type HashAlgorithm,
  hashFacts,
  type RsaPublic,
  type TpmtPublic,
  type TpmtSignature,
  type TpmtSigScheme,
} from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import { hmac } from './digests.js'
import { invert, modulo, sumOfMultiples, toInteger } from './ecc-arithmetic.js'
import { curveOf, isOnCurve, makeScalar, publicPoint } from './ecc-keys.js'
import type { Machine } from './machine.js'
import type { KeyObjectEntry } from './objects.js'
import { privateKeyOf } from './private-keys.js'
import { rsaPublicKey, toBytes } from './rsa-keys.js'
import { encodePss, isPssOf, rsaPrivate, rsaPublic, signRsassa, verifyRsassa } from './rsa-padding.js'

/** A scheme that was decided on. */
export type ChosenScheme =
  | { readonly scheme: 'null' }
  | { readonly scheme: string; readonly hashAlg: HashAlgorithm }

function ownScheme(
  area: TpmtPublic,
): TpmtSigScheme | { readonly scheme: string; readonly hashAlg?: HashAlgorithm } {
  return area.type === 'symcipher' ? { scheme: 'null' } : area.parameters.scheme
}

function withHash(scheme: {
  readonly scheme: string
  readonly hashAlg?: HashAlgorithm
}): ChosenScheme | undefined {
  const { hashAlg } = scheme
  return hashAlg === undefined ? undefined : { scheme: scheme.scheme, hashAlg }
}

/** The key's own scheme, or the caller's when it has none; undefined when they do not go together. Part 1, B and C. */
export function chooseScheme(entry: KeyObjectEntry, given: TpmtSigScheme): ChosenScheme | undefined {
  const own = ownScheme(entry.publicArea)
  if (entry.publicArea.type === 'symcipher') return undefined
  if (own.scheme === 'null') return given.scheme === 'null' ? undefined : withHash(given)
  if (given.scheme === 'null') return withHash(own)
  const same =
    own.scheme === given.scheme && 'hashAlg' in own && 'hashAlg' in given && own.hashAlg === given.hashAlg
  return same ? withHash(own) : undefined
}

/** Hash bits as an integer below the order's length. FIPS 186-5, section 6.4.1. */
function toScalar(digest: Uint8Array, order: bigint): bigint {
  const surplus = digest.length * 8 - order.toString(2).length
  const value = toInteger(digest)
  return surplus > 0 ? value >> BigInt(surplus) : value
}

function signEcdsa(
  machine: Machine,
  area: EccPublic,
  secret: Uint8Array,
  digest: Uint8Array,
): [Uint8Array, Uint8Array] {
  const curve = curveOf(area.parameters.curveID)
  const n = toInteger(curve.order)
  const z = toScalar(digest, n)
  for (;;) {
    const k = makeScalar(machine.random, curve)
    const r = modulo(toInteger(publicPoint(curve, k).x), n)
    const s = modulo(invert(toInteger(k), n) * (z + r * toInteger(secret)), n)
    if (r !== 0n && s !== 0n) return [toBytes(r, curve.bytes), toBytes(s, curve.bytes)]
  }
}

function verifyEcdsa(area: EccPublic, digest: Uint8Array, r: bigint, s: bigint): boolean {
  const curve = curveOf(area.parameters.curveID)
  const n = toInteger(curve.order)
  if (r <= 0n || r >= n || s <= 0n || s >= n) return false
  // A key without a name algorithm was loaded as it came.
  if (!isOnCurve(curve, area.unique)) refuse('FAILURE')
  const w = invert(s, n)
  const generator = publicPoint(curve, Uint8Array.of(1))
  const sum = sumOfMultiples(
    curve,
    [modulo(toScalar(digest, n) * w, n), generator],
    [modulo(r * w, n), area.unique],
  )
  return sum !== undefined && modulo(toInteger(sum.x), n) === r
}

/** Signs a digest with an asymmetric or an HMAC key; TPM_RC_SCHEME when the scheme is of another kind of key. */
export function signDigest(
  machine: Machine,
  entry: KeyObjectEntry,
  chosen: ChosenScheme,
  digest: Uint8Array,
): TpmtSignature {
  const { publicArea, sensitive } = entry
  if (!('hashAlg' in chosen) || sensitive === undefined) return refuse('SCHEME')
  const { scheme, hashAlg: hash } = chosen
  if (publicArea.type === 'rsa' && scheme === 'rsassa') {
    return { sigAlg: 'rsassa', hash, sig: signRsassa(privateKeyOf(machine, entry), hash, digest) }
  }
  if (publicArea.type === 'rsa' && scheme === 'rsapss') {
    const salt = machine.random.bytes(hashFacts(hash).size)
    const encoded = encodePss(hash, digest, salt, publicArea.unique.length)
    return { sigAlg: 'rsapss', hash, sig: rsaPrivate(privateKeyOf(machine, entry), encoded) }
  }
  if (publicArea.type === 'ecc' && scheme === 'ecdsa') {
    const [signatureR, signatureS] = signEcdsa(machine, publicArea, sensitive.sensitive, digest)
    return { sigAlg: 'ecdsa', hash, signatureR, signatureS }
  }
  if (publicArea.type === 'keyedhash' && scheme === 'hmac') {
    return { sigAlg: 'hmac', hmac: { hashAlg: hash, digest: hmac(hash, sensitive.sensitive, digest) } }
  }
  return refuse('SCHEME')
}

function verifyRsa(area: RsaPublic, signature: TpmtSignature, digest: Uint8Array): boolean {
  const key = rsaPublicKey(area)
  if (signature.sigAlg === 'rsassa') return verifyRsassa(key, signature.hash, digest, signature.sig)
  if (signature.sigAlg !== 'rsapss') return refuse('SCHEME')
  if (signature.sig.length !== area.unique.length) return false
  try {
    return isPssOf(signature.hash, digest, rsaPublic(key, signature.sig))
  } catch {
    return false
  }
}

/** Whether a signature is a key's over a digest; TPM_RC_SCHEME when it is of another kind of key. */
export function verifyDigest(entry: KeyObjectEntry, signature: TpmtSignature, digest: Uint8Array): boolean {
  const { publicArea, sensitive } = entry
  if (publicArea.type === 'rsa') return verifyRsa(publicArea, signature, digest)
  if (publicArea.type === 'ecc') {
    if (signature.sigAlg !== 'ecdsa') return refuse('SCHEME')
    return verifyEcdsa(publicArea, digest, toInteger(signature.signatureR), toInteger(signature.signatureS))
  }
  if (publicArea.type !== 'keyedhash' || signature.sigAlg !== 'hmac') return refuse('SCHEME')
  if (sensitive === undefined) return refuse('HANDLE')
  const expected = hmac(signature.hmac.hashAlg, sensitive.sensitive, digest)
  return constantTimeEqual(expected, signature.hmac.digest)
}
