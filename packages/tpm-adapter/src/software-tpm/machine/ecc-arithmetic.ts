import { toHex } from '@trusthold/core/bytes'
import type { CurveFacts } from '@trusthold/core/tpm2'
import type { Point } from './ecc-keys.js'
import { toBytes } from './rsa-keys.js'

/**
 * The few computations on points that node:crypto does not offer: both coordinates of a multiple, and sums. In affine
 * and Jacobian coordinates over big integers; not in constant time. FIPS 186-5; SP 800-186.
 */
interface Jacobian {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}

const fieldPrimes: Readonly<Record<string, bigint>> = {
  'P-256': 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  'P-384': 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  'P-521': 2n ** 521n - 1n,
}

const infinity: Jacobian = { x: 1n, y: 1n, z: 0n }

/** A big-endian integer. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)
}

/** The remainder that is not negative. */
export function modulo(value: bigint, modulus: bigint): bigint {
  const remainder = value % modulus
  return remainder < 0n ? remainder + modulus : remainder
}

/** The inverse modulo a prime; 0 for 0. */
export function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulo(value, modulus), modulus, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return modulo(x, modulus)
}

/** For curves with a = -3. */
function double({ x, y, z }: Jacobian, p: bigint): Jacobian {
  if (z === 0n || y === 0n) return infinity
  const zz = (z * z) % p
  const yy = (y * y) % p
  const s = (4n * x * yy) % p
  const m = modulo(3n * (x - zz) * (x + zz), p)
  const newX = modulo(m * m - 2n * s, p)
  return { x: newX, y: modulo(m * (s - newX) - 8n * yy * yy, p), z: (2n * y * z) % p }
}

function add(a: Jacobian, b: Jacobian, p: bigint): Jacobian {
  if (a.z === 0n) return b
  if (b.z === 0n) return a
  const [za, zb] = [(a.z * a.z) % p, (b.z * b.z) % p]
  const [ua, ub] = [(a.x * zb) % p, (b.x * za) % p]
  const [sa, sb] = [(a.y * zb * b.z) % p, (b.y * za * a.z) % p]
  if (ua === ub) return sa === sb ? double(a, p) : infinity
  const h = modulo(ub - ua, p)
  const r = modulo(sb - sa, p)
  const hh = (h * h) % p
  const hhh = (hh * h) % p
  const v = (ua * hh) % p
  const x = modulo(r * r - hhh - 2n * v, p)
  return { x, y: modulo(r * (v - x) - sa * hhh, p), z: (h * a.z * b.z) % p }
}

function multiply(point: Jacobian, scalar: bigint, p: bigint): Jacobian {
  let result = infinity
  for (const bit of scalar.toString(2)) {
    result = double(result, p)
    if (bit === '1') result = add(result, point, p)
  }
  return result
}

function primeOf({ name }: CurveFacts): bigint {
  return fieldPrimes[name] ?? 0n
}

function toJacobian(point: Point): Jacobian {
  return { x: toInteger(point.x), y: toInteger(point.y), z: 1n }
}

function toAffine(curve: CurveFacts, { x, y, z }: Jacobian): Point | undefined {
  if (z === 0n) return undefined
  const p = primeOf(curve)
  const inverse = invert(z, p)
  const square = (inverse * inverse) % p
  return {
    x: toBytes((x * square) % p, curve.bytes),
    y: toBytes((y * square * inverse) % p, curve.bytes),
  }
}

/** A multiple of a point that is known to be on the curve; undefined for infinity. */
export function multiplyPoint(curve: CurveFacts, point: Point, scalar: bigint): Point | undefined {
  return toAffine(curve, multiply(toJacobian(point), scalar, primeOf(curve)))
}

/** `a * G + b * point`, as the verification of ECDSA needs it; undefined for infinity. */
export function sumOfMultiples(
  curve: CurveFacts,
  [a, g]: readonly [bigint, Point],
  [b, q]: readonly [bigint, Point],
): Point | undefined {
  const p = primeOf(curve)
  return toAffine(curve, add(multiply(toJacobian(g), a, p), multiply(toJacobian(q), b, p), p))
}
