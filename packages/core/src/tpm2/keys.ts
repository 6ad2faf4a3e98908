import { createPublicKey, type KeyObject } from 'node:crypto'
import { concatBytes, toBase64url } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { type CurveFacts, curveFacts } from './curves.js'
import type { EccPublic, RsaPublic, TpmsEccPoint, TpmtPublic } from './public-area.js'

const defaultExponent = 65_537
/** The largest that a public area can state; more would only cost time. */
const greatestExponent = 0xffff_ffff
const leastModulusBits = 2048
const greatestModulusBits = 16_384

function refuse(path: string, reason: string): never {
  throw new TrustholdError('TPM_KEY_INVALID', { path, reason })
}

/** DER of a non-negative INTEGER. */
function derInteger(magnitude: Uint8Array): Uint8Array {
  const first = magnitude[0] ?? 0
  return derValue(0x02, first < 0x80 ? magnitude : concatBytes(Uint8Array.of(0), magnitude))
}

function derValue(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  if (length < 0x80) return concatBytes(Uint8Array.of(tag, length), content)
  if (length < 0x100) return concatBytes(Uint8Array.of(tag, 0x81, length), content)
  return concatBytes(Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), content)
}

/** Big-endian bytes of the exponent, without leading zeros. */
function exponentBytes(exponent: number): Uint8Array {
  const bytes = [exponent >>> 24, (exponent >>> 16) & 0xff, (exponent >>> 8) & 0xff, exponent & 0xff]
  return Uint8Array.from(bytes.slice(bytes.findIndex((byte) => byte !== 0)))
}

function checkModulusLength(bits: number, path: string): void {
  if (bits < leastModulusBits || bits > greatestModulusBits) {
    refuse(path, `${bits} bits, not ${leastModulusBits} to ${greatestModulusBits}`)
  }
}

/** An exponent of 1 would make every message its own signature, and small ones have made forgeries possible. */
function checkExponent(exponent: number | bigint, path: string): void {
  const odd = (BigInt(exponent) & 1n) === 1n
  if (!odd || exponent < defaultExponent || exponent > greatestExponent) {
    const found = exponent > greatestExponent ? 'more than 32 bits' : String(exponent)
    refuse(path, `an exponent of ${found}, not odd and ${defaultExponent} to ${greatestExponent}`)
  }
}

/**
 * Refuses RSA keys that prove nothing or would take too long, wherever they come from: `publicKeyOf` makes no others.
 * @returns the length of the modulus, in bytes
 * @throws TPM_KEY_INVALID
 */
export function checkRsaKey(key: KeyObject): number {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  checkModulusLength(modulusLength, 'key')
  checkExponent(publicExponent, 'key')
  return Math.ceil(modulusLength / 8)
}

function checkModulus(modulus: Uint8Array, keyBits: number): void {
  const bits = modulus.length * 8
  if (bits !== keyBits || ((modulus[0] ?? 0) & 0x80) === 0) {
    refuse('unique.rsa', `the modulus is not ${keyBits} bits long as parameters.keyBits says`)
  }
  checkModulusLength(bits, 'unique.rsa')
  if (((modulus.at(-1) ?? 0) & 1) === 0) refuse('unique.rsa', 'the modulus is even')
}

function rsaKey({ parameters, unique }: RsaPublic): KeyObject {
  checkModulus(unique, parameters.keyBits)
  const exponent = parameters.exponent === 0 ? defaultExponent : parameters.exponent
  checkExponent(exponent, 'parameters.exponent')
  const key = derValue(0x30, concatBytes(derInteger(unique), derInteger(exponentBytes(exponent))))
  // PKCS#1 is the import that costs OpenSSL least: no key type to look up, no self-test.
  return createPublicKey({ key: key as Buffer, format: 'der', type: 'pkcs1' })
}

/** Left-pads a big-endian integer to `width` bytes; undefined when it is longer. */
export function padInteger(value: Uint8Array, width: number): Uint8Array | undefined {
  if (value.length === width) return value
  if (value.length > width) return undefined
  const padded = new Uint8Array(width)
  padded.set(value, width - value.length)
  return padded
}

/**
 * The public key of a point, which OpenSSL checks to be on the curve.
 * @param path where the point stands, for the error
 * @throws TPM_KEY_INVALID
 */
export function pointKey(curve: CurveFacts, point: TpmsEccPoint, path: string): KeyObject {
  const x = padInteger(point.x, curve.bytes)
  const y = padInteger(point.y, curve.bytes)
  if (x === undefined || y === undefined) refuse(path, `a coordinate is longer than ${curve.bytes} bytes`)
  const key = { kty: 'EC', crv: curve.name, x: toBase64url(x), y: toBase64url(y) }
  try {
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    return refuse(path, `not a point of ${curve.name}`)
  }
}

function eccKey({ parameters, unique }: EccPublic): KeyObject {
  const curve = curveFacts(parameters.curveID)
  if (curve === undefined) {
    throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', { use: 'keys', algorithm: parameters.curveID })
  }
  return pointKey(curve, unique, 'unique.ecc')
}

/**
 * The public key of a public area, refused when it is weak or inconsistent: RSA of 2,048 to 16,384 bits with an odd
 * modulus and an odd exponent from 65,537 (0 means that); a point on P-256, P-384 or P-521. Coordinates may lack
 * leading zeros, as some TPMs leave them out, but not have more than the curve's width.
 * @throws TPM_KEY_INVALID naming the field
 * @throws TPM_ALGORITHM_UNSUPPORTED for other curves
 */
export function publicKeyOf(publicArea: TpmtPublic): KeyObject {
  if (publicArea.type === 'rsa') return rsaKey(publicArea)
  if (publicArea.type === 'ecc') return eccKey(publicArea)
  return refuse('type', `a ${publicArea.type} object has no public key`)
}
