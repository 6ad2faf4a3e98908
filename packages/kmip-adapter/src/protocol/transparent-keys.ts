import {
  bigInteger,
  bytes,
  type Enumerated,
  enumeration,
  type Infer,
  type Kind,
  maybe,
  one,
  type StructureKind,
  secret,
  structure,
} from '../ttlv/index.js'
import { secretInteger } from './secret-integer.js'

const transparentSymmetricKeyDef = structure('KeyMaterial', { key: one('Key', secret) })
/** KMIP 1.4, section 2.1.7.1. */
export interface TransparentSymmetricKey extends Infer<typeof transparentSymmetricKeyDef> {}
const transparentSymmetricKey: StructureKind<TransparentSymmetricKey> = transparentSymmetricKeyDef

const transparentDsaPrivateKeyDef = structure('KeyMaterial', {
  p: one('P', bigInteger),
  q: one('Q', bigInteger),
  g: one('G', bigInteger),
  x: one('X', secretInteger),
})
/** KMIP 1.4, section 2.1.7.2. */
export interface TransparentDsaPrivateKey extends Infer<typeof transparentDsaPrivateKeyDef> {}
const transparentDsaPrivateKey: StructureKind<TransparentDsaPrivateKey> = transparentDsaPrivateKeyDef

const transparentDsaPublicKeyDef = structure('KeyMaterial', {
  p: one('P', bigInteger),
  q: one('Q', bigInteger),
  g: one('G', bigInteger),
  y: one('Y', bigInteger),
})
/** KMIP 1.4, section 2.1.7.3. */
export interface TransparentDsaPublicKey extends Infer<typeof transparentDsaPublicKeyDef> {}
const transparentDsaPublicKey: StructureKind<TransparentDsaPublicKey> = transparentDsaPublicKeyDef

const transparentRsaPrivateKeyDef = structure('KeyMaterial', {
  modulus: one('Modulus', bigInteger),
  privateExponent: maybe('PrivateExponent', secretInteger),
  publicExponent: maybe('PublicExponent', bigInteger),
  p: maybe('P', secretInteger),
  q: maybe('Q', secretInteger),
  primeExponentP: maybe('PrimeExponentP', secretInteger),
  primeExponentQ: maybe('PrimeExponentQ', secretInteger),
  crtCoefficient: maybe('CRTCoefficient', secretInteger),
})
/** KMIP 1.4, section 2.1.7.4. */
export interface TransparentRsaPrivateKey extends Infer<typeof transparentRsaPrivateKeyDef> {}
const transparentRsaPrivateKey: StructureKind<TransparentRsaPrivateKey> = transparentRsaPrivateKeyDef

const transparentRsaPublicKeyDef = structure('KeyMaterial', {
  modulus: one('Modulus', bigInteger),
  publicExponent: one('PublicExponent', bigInteger),
})
/** KMIP 1.4, section 2.1.7.5. */
export interface TransparentRsaPublicKey extends Infer<typeof transparentRsaPublicKeyDef> {}
const transparentRsaPublicKey: StructureKind<TransparentRsaPublicKey> = transparentRsaPublicKeyDef

const transparentDhPrivateKeyDef = structure('KeyMaterial', {
  p: one('P', bigInteger),
  q: maybe('Q', bigInteger),
  g: one('G', bigInteger),
  j: maybe('J', bigInteger),
  x: one('X', secretInteger),
})
/** KMIP 1.4, section 2.1.7.6. */
export interface TransparentDhPrivateKey extends Infer<typeof transparentDhPrivateKeyDef> {}
const transparentDhPrivateKey: StructureKind<TransparentDhPrivateKey> = transparentDhPrivateKeyDef

const transparentDhPublicKeyDef = structure('KeyMaterial', {
  p: one('P', bigInteger),
  q: maybe('Q', bigInteger),
  g: one('G', bigInteger),
  j: maybe('J', bigInteger),
  y: one('Y', bigInteger),
})
/** KMIP 1.4, section 2.1.7.7. */
export interface TransparentDhPublicKey extends Infer<typeof transparentDhPublicKeyDef> {}
const transparentDhPublicKey: StructureKind<TransparentDhPublicKey> = transparentDhPublicKeyDef

const transparentEcPrivateKeyDef = structure('KeyMaterial', {
  recommendedCurve: one('RecommendedCurve', enumeration('RecommendedCurve')),
  d: one('D', secretInteger),
})
/** KMIP 1.4, section 2.1.7.14; those for one algorithm each that came before, 2.1.7.8 to 2.1.7.12, look alike. */
export interface TransparentEcPrivateKey extends Infer<typeof transparentEcPrivateKeyDef> {}
const transparentEcPrivateKey: StructureKind<TransparentEcPrivateKey> = transparentEcPrivateKeyDef

const transparentEcPublicKeyDef = structure('KeyMaterial', {
  recommendedCurve: one('RecommendedCurve', enumeration('RecommendedCurve')),
  qString: one('QString', bytes),
})
/** KMIP 1.4, section 2.1.7.15; those for one algorithm each that came before, 2.1.7.9 to 2.1.7.13, look alike. */
export interface TransparentEcPublicKey extends Infer<typeof transparentEcPublicKeyDef> {}
const transparentEcPublicKey: StructureKind<TransparentEcPublicKey> = transparentEcPublicKeyDef

/** Key material of a format that takes the key apart. */
export type TransparentKey =
  | TransparentSymmetricKey
  | TransparentDsaPrivateKey
  | TransparentDsaPublicKey
  | TransparentRsaPrivateKey
  | TransparentRsaPublicKey
  | TransparentDhPrivateKey
  | TransparentDhPublicKey
  | TransparentEcPrivateKey
  | TransparentEcPublicKey

/** How the key material of each transparent format is read and written, by the format's name. */
export const transparentKinds: Readonly<
  Partial<Record<Exclude<Enumerated<'KeyFormatType'>, number>, Kind<TransparentKey>>>
> = {
  TransparentSymmetricKey: transparentSymmetricKey,
  TransparentDSAPrivateKey: transparentDsaPrivateKey,
  TransparentDSAPublicKey: transparentDsaPublicKey,
  TransparentRSAPrivateKey: transparentRsaPrivateKey,
  TransparentRSAPublicKey: transparentRsaPublicKey,
  TransparentDHPrivateKey: transparentDhPrivateKey,
  TransparentDHPublicKey: transparentDhPublicKey,
  TransparentECDSAPrivateKey: transparentEcPrivateKey,
  TransparentECDSAPublicKey: transparentEcPublicKey,
  TransparentECDHPrivateKey: transparentEcPrivateKey,
  TransparentECDHPublicKey: transparentEcPublicKey,
  TransparentECMQVPrivateKey: transparentEcPrivateKey,
  TransparentECMQVPublicKey: transparentEcPublicKey,
  TransparentECPrivateKey: transparentEcPrivateKey,
  TransparentECPublicKey: transparentEcPublicKey,
}
