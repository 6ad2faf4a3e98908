import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto'
import { SecretBytes, toBase64url } from '@trusthold/core/bytes'
import type { KeyMaterial } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'
import { writeKey } from './asymmetric-keys.js'

/** Key bytes and the format that they are in. */
export interface KeyBytes {
  readonly keyFormatType: Enumerated<'KeyFormatType'>
  readonly bytes: SecretBytes
}

/** A number as JWK has it: big-endian, without leading zeros. */
function toJwkInteger(value: unknown): string | undefined {
  if (value instanceof SecretBytes) {
    return value.use((bytes) => {
      const first = bytes.findIndex((byte) => byte !== 0)
      return toBase64url(bytes.subarray(first === -1 ? bytes.length : first))
    })
  }
  if (typeof value !== 'bigint') return undefined
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url')
}

const unsupported = (format: Enumerated<'KeyFormatType'>): never =>
  refuse('KeyFormatTypeNotSupported', `keys in format ${format} are not supported`)

function rsaPrivate(material: Extract<KeyMaterial, { modulus: bigint }>): KeyBytes {
  const parts: Readonly<Record<string, unknown>> = { ...material }
  const members = {
    n: parts['modulus'],
    e: parts['publicExponent'],
    d: parts['privateExponent'],
    p: parts['p'],
    q: parts['q'],
    dp: parts['primeExponentP'],
    dq: parts['primeExponentQ'],
    qi: parts['crtCoefficient'],
  }
  const jwk: Record<string, string> = { kty: 'RSA' }
  for (const [name, value] of Object.entries(members)) {
    const text = toJwkInteger(value)
    if (text === undefined) return refuse('MissingData', 'an RSA private key needs all of its numbers')
    jwk[name] = text
  }
  return fromJwk('PrivateKey', jwk, 'PKCS_1')
}

function fromJwk(
  half: 'PrivateKey' | 'PublicKey',
  jwk: Record<string, string>,
  keyFormatType: 'PKCS_1' | 'X_509',
): KeyBytes {
  try {
    const input = { key: jwk as JsonWebKey, format: 'jwk' } as const
    const key = half === 'PrivateKey' ? createPrivateKey(input) : createPublicKey(input)
    return { keyFormatType, bytes: SecretBytes.take(writeKey(half, key, keyFormatType)) }
  } catch {
    return refuse('InvalidField', 'the numbers do not make a key')
  }
}

/**
 * Puts together a key that came taken apart: symmetric keys as they are, RSA keys as PKCS#1.
 * @throws Refusal
 */
export function materialFromTransparent(
  format: Enumerated<'KeyFormatType'>,
  material: KeyMaterial,
): KeyBytes {
  if (material instanceof SecretBytes) return { keyFormatType: format, bytes: material }
  switch (format) {
    case 'TransparentSymmetricKey':
      return 'key' in material ? { keyFormatType: 'Raw', bytes: material.key } : unsupported(format)
    case 'TransparentRSAPrivateKey':
      return 'modulus' in material ? rsaPrivate(material) : unsupported(format)
    case 'TransparentRSAPublicKey': {
      if (!('modulus' in material)) return unsupported(format)
      const [n, e] = [toJwkInteger(material.modulus), toJwkInteger(material.publicExponent)]
      if (n === undefined || e === undefined) return refuse('MissingData', 'a number of the key is missing')
      return fromJwk('PublicKey', { kty: 'RSA', n, e }, 'PKCS_1')
    }
    default:
      return unsupported(format)
  }
}
