import { createECDH, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { exportJwk } from '../../bytes/index.js'
import { digestOf } from '../../tpm2/index.js'
import { ecdsaScalars } from './ecdsa-scalars.js'

/** Prime of the field and order of the group, by OpenSSL's name of the curve. SP 800-186; SEC 2 for secp256k1. */
const curves: Readonly<Record<string, { readonly field: bigint; readonly order: bigint }>> = {
  prime256v1: {
    field: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  secp384r1: {
    field: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  secp521r1: {
    field: 2n ** 521n - 1n,
    order:
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
  secp256k1: {
    field: 2n ** 256n - 2n ** 32n - 977n,
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
}

/** Whether ECDSA signatures of a key can be verified here: P-256, P-384, P-521, secp256k1. */
export function isCurveKnown(key: KeyObject): boolean {
  return Object.hasOwn(curves, key.asymmetricKeyDetails?.namedCurve ?? '')
}

/** What is hashed instead of the file; any message would do. */
const otherMessage = new Uint8Array(0)

/**
 * Verifies an ECDSA signature over a digest: a list has no file that node:crypto could hash. With e the digest as a number, a signature (r, s) is valid when
 * r is the x-coordinate of (e G + r Q) / s. For another message of digest f and the key Q' = Q + ((e - f) / r) G, that
 * is the same point: f G + r Q' = e G + r Q. So the difference of the digests goes into the key, and node:crypto
 * verifies the signature over the other message, and that r and s are not 0. It gets the numbers that were read here
 * and not the bytes: who read another r out of them would take a signature over one digest for one over another. FIPS 186-5,
 * section 6.4.2.
 * @param key on one of the curves that are known
 * @param signature ECDSA-Sig-Value in DER (RFC 3279, section 2.2.3)
 */
export function verifyEcdsaDigest(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const node = key.asymmetricKeyDetails?.namedCurve ?? ''
  const curve = curves[node]
  const scalars = ecdsaScalars(signature)
  if (curve === undefined || scalars === undefined) return false
  const { field, order } = curve
  const { r, s } = scalars
  // Of numbers that are too long node:crypto would take the beginning.
  if (r >= order || s >= order) return false
  const difference = leftmost(digest, order) - leftmost(digestOf('sha256', otherMessage), order)
  const factor = modulo(difference * inverse(r, order), order)
  const { crv, x = '', y = '' } = exportJwk(key)
  const bytes = Buffer.from(x, 'base64url').length
  const point = { x: fromBytes(Buffer.from(x, 'base64url')), y: fromBytes(Buffer.from(y, 'base64url')) }
  const moved = factor === 0n ? point : add(point, multiplyBase(node, factor, bytes), field)
  if (moved === undefined) return false
  const coordinate = (value: bigint): string => toBytes(value, bytes).toString('base64url')
  const jwk = { kty: 'EC', crv, x: coordinate(moved.x), y: coordinate(moved.y) } as JsonWebKey
  const joined = Buffer.concat([toBytes(r, bytes), toBytes(s, bytes)])
  const movedKey = createPublicKey({ key: jwk, format: 'jwk' })
  return verify('sha256', otherMessage, { key: movedKey, dsaEncoding: 'ieee-p1363' }, joined)
}

interface Point {
  readonly x: bigint
  readonly y: bigint
}

/** A multiple of the curve's base point. */
function multiplyBase(node: string, factor: bigint, bytes: number): Point {
  const ecdh = createECDH(node)
  ecdh.setPrivateKey(toBytes(factor, bytes))
  const encoded = ecdh.getPublicKey()
  return { x: fromBytes(encoded.subarray(1, 1 + bytes)), y: fromBytes(encoded.subarray(1 + bytes)) }
}

/**
 * The sum of two points. Undefined for the same point or its opposite, where the chord is none: whoever makes such a
 * signature knows the private key and had no need to.
 */
function add(a: Point, b: Point, field: bigint): Point | undefined {
  if (a.x === b.x) return undefined
  const slope = modulo((b.y - a.y) * inverse(modulo(b.x - a.x, field), field), field)
  const x = modulo(slope * slope - a.x - b.x, field)
  return { x, y: modulo(slope * (a.x - x) - a.y, field) }
}

/** As many of the digest's first bits as the order has. */
function leftmost(digest: Uint8Array, order: bigint): bigint {
  const excess = 8 * digest.length - order.toString(2).length
  const value = fromBytes(digest)
  return excess > 0 ? value >> BigInt(excess) : value
}

/** The inverse of a number to a prime, by Euclid's algorithm. */
function inverse(value: bigint, prime: bigint): bigint {
  let [low, high] = [value, prime]
  let [a, b] = [1n, 0n]
  while (low > 0n) {
    const quotient = high / low
    ;[low, high] = [high - quotient * low, low]
    ;[a, b] = [b - quotient * a, a]
  }
  return modulo(b, prime)
}

function modulo(value: bigint, prime: bigint): bigint {
  const rest = value % prime
  return rest < 0n ? rest + prime : rest
}

function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')
}
