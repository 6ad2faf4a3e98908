import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJwk } from '../../src/bytes/index.js'
import {
  akTemplates,
  type CurveName,
  type EccPublic,
  ekTemplates,
  type RsaPublic,
  type TpmsAttest,
  tpmGeneratedValue,
} from '../../src/tpm2/index.js'

const bytesOf = (text: string | undefined): Uint8Array =>
  new Uint8Array(Buffer.from(text as string, 'base64url'))

/** A key pair and its public area, on a template of ours. */
export interface SampleKey<P> {
  readonly publicArea: P
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** A fresh RSA key in a template's public area. */
export function rsaSample(bits = 2048, template: RsaPublic = akTemplates['rsa-2048']): SampleKey<RsaPublic> {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits })
  const unique = bytesOf(exportJwk(pair.publicKey).n)
  return {
    ...pair,
    publicArea: { ...template, parameters: { ...template.parameters, keyBits: bits }, unique },
  }
}

/** A fresh key on a curve in a template's public area. */
export function eccSample(
  curveID: CurveName = 'P-256',
  template: EccPublic = akTemplates['ecc-p256'],
): SampleKey<EccPublic> {
  const pair = generateKeyPairSync('ec', { namedCurve: curveID })
  const { x, y } = exportJwk(pair.publicKey)
  const unique = { x: bytesOf(x), y: bytesOf(y) }
  return { ...pair, publicArea: { ...template, parameters: { ...template.parameters, curveID }, unique } }
}

/** Templates of endorsement keys by algorithm. */
export const rsaEk = ekTemplates['L-1'].publicArea as RsaPublic
export const eccEk = ekTemplates['L-2'].publicArea as EccPublic

/** A statement whose parts are all different. */
export const attestHead = {
  magic: tpmGeneratedValue,
  qualifiedSigner: Uint8Array.of(0, 11, 1, 2),
  extraData: Uint8Array.of(0xaa, 0xbb),
  clockInfo: { clock: 0x0102030405060708n, resetCount: 9, restartCount: 10, safe: true },
  firmwareVersion: 0x1112131415161718n,
} satisfies Omit<TpmsAttest, 'type' | 'attested'>

/** The hexadecimal of {@link attestHead} with this type. */
export const attestHex = (type: string): string =>
  `ff544347${type}0004000b01020002aabb0102030405060708000000090000000a011112131415161718`
