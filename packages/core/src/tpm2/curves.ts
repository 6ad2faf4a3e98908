import { fromHex } from '../bytes/index.js'
import { type Codec, enumOf, u16 } from '../codec/index.js'
import { namedNumber } from './named-numbers.js'

/**
 * Elliptic curves. `id` is the TPM_ECC_CURVE of TPM 2.0 Part 2, section 6.4; `bytes` the width of a coordinate. Curves
 * with `node` (OpenSSL's name) can be used; `order` is that of the group (FIPS 186-5, SP 800-186). JWK (RFC 7518) uses
 * the same names for them.
 */
const table = {
  'P-192': { id: 0x0001, bytes: 24 },
  'P-224': { id: 0x0002, bytes: 28 },
  'P-256': {
    id: 0x0003,
    node: 'prime256v1',
    bytes: 32,
    order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  },
  'P-384': {
    id: 0x0004,
    node: 'secp384r1',
    bytes: 48,
    order: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  },
  'P-521': {
    id: 0x0005,
    node: 'secp521r1',
    bytes: 66,
    order:
      '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  },
  'BN-P256': { id: 0x0010, bytes: 32 },
  'BN-P638': { id: 0x0011, bytes: 80 },
  'SM2-P256': { id: 0x0020, bytes: 32 },
  brainpoolP256r1: { id: 0x0030, bytes: 32 },
  brainpoolP384r1: { id: 0x0031, bytes: 48 },
  brainpoolP512r1: { id: 0x0032, bytes: 64 },
  curve25519: { id: 0x0040, bytes: 32 },
  curve448: { id: 0x0041, bytes: 56 },
} as const

/** Name of an elliptic curve. */
export type CurveName = keyof typeof table

/** What is needed to use a curve. */
export interface CurveFacts {
  /** JWK's name. */
  readonly name: CurveName
  /** OpenSSL's name. */
  readonly node: string
  /** Width of a coordinate, in bytes. */
  readonly bytes: number
  /** Of the group, big-endian, `bytes` long. */
  readonly order: Uint8Array
}

const usable = new Map<string, CurveFacts>()
const byNodeName = new Map<string, CurveFacts>()
for (const [name, row] of Object.entries(table)) {
  if (!('node' in row)) continue
  const facts: CurveFacts = {
    name: name as CurveName,
    node: row.node,
    bytes: row.bytes,
    order: fromHex(row.order),
  }
  usable.set(name, facts)
  byNodeName.set(row.node, facts)
}

const ids = Object.fromEntries(Object.entries(table).map(([name, { id }]) => [name, id])) as Record<
  CurveName,
  number
>

/** TPM_ECC_CURVE. Part 2, section 6.4. */
export const tpmEccCurve: Codec<CurveName> = enumOf('TPM_ECC_CURVE', u16, ids)
/** The same for what a TPM tells of itself, which may be newer than the table: other curves are numbers. */
export const tpmEccCurveOrNumber: Codec<CurveName | number> = namedNumber('TPM_ECC_CURVE', u16, ids)

/** Width of a coordinate, in bytes, of any curve that has a name. */
export function coordinateWidth(name: CurveName): number {
  return table[name].bytes
}

/** Facts of a curve that can be used here: P-256, P-384, P-521. */
export function curveFacts(name: string): CurveFacts | undefined {
  return usable.get(name)
}

/** The same, by OpenSSL's name. */
export function curveByNodeName(name: string | undefined): CurveFacts | undefined {
  return name === undefined ? undefined : byNodeName.get(name)
}
