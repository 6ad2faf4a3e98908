import {
  bigInteger,
  bytes,
  type Enumerated,
  enumeration,
  type Infer,
  integer,
  many,
  maybe,
  one,
  type StructureKind,
  secret,
  structure,
} from '../ttlv/index.js'
import { attribute } from './attributes.js'
import { enumerationNumber } from './enumeration-number.js'
import { keyBlock } from './key-block.js'

const certificateDef = structure('Certificate', {
  certificateType: one('CertificateType', enumeration('CertificateType')),
  certificateValue: one('CertificateValue', bytes),
})
/** A certificate, in DER for X.509. KMIP 1.4, section 2.2.1. */
export interface Certificate extends Infer<typeof certificateDef> {}
const certificate: StructureKind<Certificate> = certificateDef

const keyOf = (tag: 'SymmetricKey' | 'PublicKey' | 'PrivateKey') =>
  structure(tag, { keyBlock: one('KeyBlock', keyBlock) })
/** A symmetric, public or private key. KMIP 1.4, sections 2.2.2 to 2.2.4. */
export interface Key extends Infer<ReturnType<typeof keyOf>> {}
const symmetricKey: StructureKind<Key> = keyOf('SymmetricKey')
const publicKey: StructureKind<Key> = keyOf('PublicKey')
const privateKey: StructureKind<Key> = keyOf('PrivateKey')

const splitKeyDef = structure('SplitKey', {
  splitKeyParts: one('SplitKeyParts', integer),
  keyPartIdentifier: one('KeyPartIdentifier', integer),
  splitKeyThreshold: one('SplitKeyThreshold', integer),
  splitKeyMethod: one('SplitKeyMethod', enumeration('SplitKeyMethod')),
  primeFieldSize: maybe('PrimeFieldSize', bigInteger),
  keyBlock: one('KeyBlock', keyBlock),
})
/** One part of a key, of which several make the whole. KMIP 1.4, section 2.2.5. */
export interface SplitKey extends Infer<typeof splitKeyDef> {}
const splitKey: StructureKind<SplitKey> = splitKeyDef

const templateDef = structure('Template', { attribute: many('Attribute', attribute) })
/** Attributes for objects to be made; deprecated in 1.3, not in 2.0 and later. KMIP 1.4, section 2.2.6. */
export interface Template extends Infer<typeof templateDef> {}
const template: StructureKind<Template> = templateDef

const secretDataDef = structure('SecretData', {
  secretDataType: one('SecretDataType', enumeration('SecretDataType')),
  keyBlock: one('KeyBlock', keyBlock),
})
/** A secret that is no key, such as a password. KMIP 1.4, section 2.2.7. */
export interface SecretData extends Infer<typeof secretDataDef> {}
const secretData: StructureKind<SecretData> = secretDataDef

const opaqueObjectDef = structure('OpaqueObject', {
  /** The standard defines none: vendors' values start at 0x80000000. */
  opaqueDataType: one('OpaqueDataType', enumerationNumber),
  opaqueDataValue: one('OpaqueDataValue', secret),
})
/** Bytes that the server cannot interpret. KMIP 1.4, section 2.2.8. */
export interface OpaqueObject extends Infer<typeof opaqueObjectDef> {}
const opaqueObject: StructureKind<OpaqueObject> = opaqueObjectDef

const pgpKeyDef = structure('PGPKey', {
  pgpKeyVersion: one('PGPKeyVersion', integer),
  keyBlock: one('KeyBlock', keyBlock),
})
/** An OpenPGP key. KMIP 1.4, section 2.2.9. */
export interface PgpKey extends Infer<typeof pgpKeyDef> {}
const pgpKey: StructureKind<PgpKey> = pgpKeyDef

const certificateRequestDef = structure('CertificateRequest', {
  certificateRequestType: one('CertificateRequestType', enumeration('CertificateRequestType')),
  certificateRequestValue: one('CertificateRequestValue', bytes),
})
/** A request for a certificate. KMIP 2.1, section 2.2. */
export interface CertificateRequest extends Infer<typeof certificateRequestDef> {}
const certificateRequest: StructureKind<CertificateRequest> = certificateRequestDef

/** The fields of a payload that has one managed object of any type. */
export const objectFields = {
  certificate: maybe('Certificate', certificate),
  symmetricKey: maybe('SymmetricKey', symmetricKey),
  publicKey: maybe('PublicKey', publicKey),
  privateKey: maybe('PrivateKey', privateKey),
  splitKey: maybe('SplitKey', splitKey),
  template: maybe('Template', template, { until: '1.4' }),
  secretData: maybe('SecretData', secretData),
  opaqueObject: maybe('OpaqueObject', opaqueObject),
  pgpKey: maybe('PGPKey', pgpKey, { since: '1.2' }),
  certificateRequest: maybe('CertificateRequest', certificateRequest, { since: '2.0' }),
} as const

type ObjectFields = typeof objectFields
type ObjectTypeName = Exclude<Enumerated<'ObjectType'>, number>

/** The field that holds an object of each type. */
export const objectKeys = {
  Certificate: 'certificate',
  SymmetricKey: 'symmetricKey',
  PublicKey: 'publicKey',
  PrivateKey: 'privateKey',
  SplitKey: 'splitKey',
  Template: 'template',
  SecretData: 'secretData',
  OpaqueObject: 'opaqueObject',
  PGPKey: 'pgpKey',
  CertificateRequest: 'certificateRequest',
} as const satisfies Readonly<Record<ObjectTypeName, keyof ObjectFields>>

type FieldValue<K extends keyof ObjectFields> = ObjectFields[K] extends { kind: infer Q } ? Infer<Q> : never

/** A managed object with its type. Narrows on `objectType`. */
export type ManagedObject = {
  [N in ObjectTypeName]: { readonly objectType: N; readonly object: FieldValue<(typeof objectKeys)[N]> }
}[ObjectTypeName]

/** The part of a payload that holds an object. */
export type ObjectFieldValues = {
  readonly [K in keyof ObjectFields]?: FieldValue<K>
}

/** The part of a payload for an object. */
export function toObjectFields({ objectType, object }: ManagedObject): ObjectFieldValues {
  return { [objectKeys[objectType]]: object }
}

/**
 * The object of a payload; undefined unless the payload has one of the type that it says, and no other.
 */
export function objectOf(
  payload: ObjectFieldValues & { readonly objectType: Enumerated<'ObjectType'> },
): ManagedObject | undefined {
  const { objectType } = payload
  const present = (Object.keys(objectFields) as (keyof ObjectFields)[]).filter(
    (key) => payload[key] !== undefined,
  )
  if (typeof objectType === 'number' || present.length !== 1 || present[0] !== objectKeys[objectType]) {
    return undefined
  }
  return { objectType, object: payload[objectKeys[objectType]] } as ManagedObject
}
