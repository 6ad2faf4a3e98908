import { checkPrimeSync, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { equalBytes, toHex } from '@trusthold/core/bytes'
import type { RsaPublic } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import type { ByteStream } from './byte-stream.js'

/** Public exponent of all keys that this TPM makes. */
export const publicExponent = 65_537

const sieveWindow = 4096

/** Odd primes below 4,096, which cross out most candidates. */
function smallPrimes(): readonly number[] {
  const composite = new Uint8Array(4096)
  const primes: number[] = []
  for (let n = 3; n < composite.length; n += 2) {
    if (composite[n] === 1) continue
    primes.push(n)
    for (let multiple = n * n; multiple < composite.length; multiple += n) composite[multiple] = 1
  }
  return primes
}

const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`)

/** Big-endian, of a fixed length. */
export function toBytes(value: bigint, length: number): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex'))
}

/** Which of the odd numbers from `start` no small prime divides. */
function sieve(start: bigint, primes: readonly number[]): Uint8Array {
  const crossed = new Uint8Array(sieveWindow)
  for (const prime of primes) {
    const remainder = Number(start % BigInt(prime))
    // start + 2i = 0 (mod prime), that is i = -remainder / 2; the half of an odd number is that of its complement.
    const distance = remainder === 0 ? 0 : prime - remainder
    const first = distance % 2 === 0 ? distance / 2 : (distance + prime) / 2
    for (let i = first; i < sieveWindow; i += prime) crossed[i] = 1
  }
  return crossed
}

/** A prime whose two highest bits are set, so that the product of two has full length. */
export function findPrime(stream: ByteStream, bytes: number): Uint8Array {
  const primes = smallPrimes()
  const top = 0b11n << BigInt(bytes * 8 - 2)
  for (;;) {
    const start = toInteger(stream.bytes(bytes)) | top | 1n
    const crossed = sieve(start, primes)
    for (let i = 0; i < sieveWindow; i++) {
      if (crossed[i] === 1) continue
      const candidate = start + BigInt(2 * i)
      const fits = candidate >> BigInt(bytes * 8) === 0n && candidate % BigInt(publicExponent) !== 1n
      if (fits && checkPrimeSync(candidate)) return toBytes(candidate, bytes)
    }
  }
}

/** Modulus of an RSA key and one of its primes. */
export interface RsaHalves {
  readonly modulus: Uint8Array
  readonly prime: Uint8Array
}

/** The product of two primes of the same length. */
export function modulusOf(prime: Uint8Array, other: Uint8Array): Uint8Array {
  return toBytes(toInteger(prime) * toInteger(other), prime.length * 2)
}

/** An RSA key of `bits`; the same one for the same stream. */
export function makeRsaKey(stream: ByteStream, bits: number): RsaHalves & { readonly other: Uint8Array } {
  const bytes = bits / 16
  const prime = findPrime(stream, bytes)
  for (;;) {
    const other = findPrime(stream, bytes)
    if (!equalBytes(prime, other)) return { modulus: modulusOf(prime, other), prime, other }
  }
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a % b]
    ;[x, y] = [y, x - quotient * y]
  }
  return ((x % modulus) + modulus) % modulus
}

const base64url = (value: bigint, length: number): string =>
  Buffer.from(toBytes(value, length)).toString('base64url')

/** The exponent, 0 in a public area meaning the default. */
function exponentOf({ parameters: { exponent } }: RsaPublic): bigint {
  return BigInt(exponent || publicExponent)
}

/** The public key. Nothing but its form was looked at: TPMs load keys from outside that are none. */
export function rsaPublicKey(area: RsaPublic): KeyObject {
  const n = Buffer.from(area.unique).toString('base64url')
  const key = { kty: 'RSA', n, e: base64url(exponentOf(area), 4) }
  return createPublicKey({ key, format: 'jwk' })
}

/** The private key of a modulus and one prime of it. TPM_RC_BINDING when they do not belong together. */
export function rsaPrivateKey(area: RsaPublic, prime: Uint8Array): KeyObject {
  const { unique: modulus } = area
  const n = toInteger(modulus)
  const p = prime.length === 0 ? 0n : toInteger(prime)
  if (p <= 1n || n % p !== 0n) refuse('BINDING')
  const q = n / p
  const e = exponentOf(area)
  const d = inverse(e, (p - 1n) * (q - 1n))
  const half = modulus.length / 2
  const key = {
    kty: 'RSA',
    n: base64url(n, modulus.length),
    e: base64url(e, 4),
    d: base64url(d, modulus.length),
    p: base64url(p, half),
    q: base64url(q, half),
    dp: base64url(d % (p - 1n), half),
    dq: base64url(d % (q - 1n), half),
    qi: base64url(inverse(q, p), half),
  }
  try {
    return createPrivateKey({ key, format: 'jwk' })
  } catch {
    return refuse('BINDING')
  }
}
