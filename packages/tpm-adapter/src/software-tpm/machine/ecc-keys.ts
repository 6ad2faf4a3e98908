import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto'
import { toHex } from '@trusthold/core/bytes'
import { type CurveFacts, type CurveName, curveFacts } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import type { ByteStream } from './byte-stream.js'
import { toBytes } from './rsa-keys.js'

/** A point. */
export interface Point {
  readonly x: Uint8Array
  readonly y: Uint8Array
}

/** Facts of a curve that this TPM has. */
export function curveOf(name: CurveName): CurveFacts {
  return curveFacts(name) ?? refuse('CURVE')
}

/** A scalar from 1 to the order less 1, with 64 bits more than needed so that none is likelier. FIPS 186-5, A.2.1. */
export function makeScalar(stream: ByteStream, { order, bytes }: CurveFacts): Uint8Array {
  const n = BigInt(`0x${toHex(order)}`)
  const drawn = BigInt(`0x${toHex(stream.bytes(bytes + 8))}`)
  return toBytes((drawn % (n - 1n)) + 1n, bytes)
}

/** The point of a scalar. TPM_RC_BINDING for zero and what is not below the order. */
export function publicPoint(curve: CurveFacts, scalar: Uint8Array): Point {
  const key = createECDH(curve.node)
  try {
    key.setPrivateKey(scalar)
  } catch {
    refuse('BINDING')
  }
  const point = new Uint8Array(key.getPublicKey())
  return { x: point.slice(1, 1 + curve.bytes), y: point.slice(1 + curve.bytes) }
}

/** The private key of a scalar. */
export function eccPrivateKey(curve: CurveFacts, scalar: Uint8Array): KeyObject {
  const { x, y } = publicPoint(curve, scalar)
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const padded = toBytes(BigInt(`0x${toHex(scalar)}`), curve.bytes)
  const key = { kty: 'EC', crv: curve.name, x: text(x), y: text(y), d: text(padded) }
  return createPrivateKey({ key, format: 'jwk' })
}

/** x coordinate of the scalar's multiple of a point, as wide as the curve; TPM_RC_ECC_POINT off the curve. */
export function sharedPoint(curve: CurveFacts, scalar: Uint8Array, point: Point): Uint8Array {
  const key = createECDH(curve.node)
  key.setPrivateKey(scalar)
  const [x, y] = [point.x, point.y].map((each) =>
    each.length > curve.bytes ? undefined : pad(each, curve.bytes),
  )
  if (x === undefined || y === undefined) return refuse('ECC_POINT')
  try {
    return new Uint8Array(key.computeSecret(Uint8Array.of(4, ...x, ...y)))
  } catch {
    return refuse('ECC_POINT')
  }
}

/** Whether a point is one of the curve; computing with others tells what nobody should know. */
export function isOnCurve(curve: CurveFacts, point: Point): boolean {
  try {
    sharedPoint(curve, Uint8Array.of(1), point)
    return true
  } catch {
    return false
  }
}

function pad(value: Uint8Array, width: number): Uint8Array {
  const padded = new Uint8Array(width)
  padded.set(value, width - value.length)
  return padded
}
