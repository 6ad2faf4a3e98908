import { fromHex } from '../bytes/index.js'
import type { HashAlgorithm } from './algorithms.js'
import { type CurveName, coordinateWidth } from './curves.js'
import { objectAttributes } from './object-attributes.js'
import type { EccPublic, RsaPublic } from './public-area.js'
import type { TpmtSymDefObject } from './schemes.js'

/** Names of the templates of the TCG EK Credential Profile 2.5, annex B. */
export type EkTemplateName = 'L-1' | 'L-2' | 'H-1' | 'H-2' | 'H-3' | 'H-4' | 'H-5' | 'H-6' | 'H-7'

/** How an endorsement key is made again from the endorsement seed, and where the TPM keeps what belongs to it. */
export interface EkTemplate {
  readonly name: EkTemplateName
  /** Algorithm and size, such as `rsa-2048` or `ecc-p256`. */
  readonly kind: string
  /** What TPM2_CreatePrimary takes. */
  readonly publicArea: RsaPublic | EccPublic
  /** NV indices. The low range has indices for a nonce that replaces the start of `unique`, and for a template. */
  readonly nv: { readonly certificate: number; readonly nonce?: number; readonly template: number }
  /** Where provisioned systems keep the key. TCG TPM 2.0 Provisioning Guidance, section 7.8. */
  readonly persistentHandle?: number
}

/**
 * Policies of endorsement keys. A is TPM2_PolicySecret of the endorsement hierarchy, by each hash; C is an authorisation
 * in NV memory (TPM2_PolicyAuthorizeNV of 0x01C07F01 and the following indices); B is TPM2_PolicyOR of A and C. Keys have
 * A by SHA-256, or B by the hash of their name. EK Credential Profile, annex B.6.
 */
export const ekPolicies: {
  readonly A: Readonly<Record<'sha256' | 'sha384' | 'sha512', Uint8Array>>
  readonly B: Readonly<Record<'sha256' | 'sha384' | 'sha512' | 'sm3_256', Uint8Array>>
  readonly C: Readonly<Record<'sha256' | 'sha384' | 'sha512', Uint8Array>>
} = {
  A: {
    sha256: fromHex('837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa'),
    sha384: fromHex(
      '8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6db53',
    ),
    sha512: fromHex(
      '1e3b76502c8a1425aa0b7b3fc646a1b0fae063b03b5368f9c4cddecaff0891dd682bac1a85d4d832b781ea451915de5fc5bf0dc4a1917cd42fa041e3f998e0ee',
    ),
  },
  B: {
    sha256: fromHex('ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0'),
    sha384: fromHex(
      'b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12',
    ),
    sha512: fromHex(
      'b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a429c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea',
    ),
    sm3_256: fromHex('167860a35f2c5c3567f9c927ac56c032f3b3a6462f8d037998e7a10f77fa454a'),
  },
  C: {
    sha256: fromHex('3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde'),
    sha384: fromHex(
      'd6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165',
    ),
    sha512: fromHex(
      '589ee1e146544716e8deafe6db247b01b81e9f9c7dd16b814aa159138749105fba5388dd1dea702f35240c184933121e2c61b8f50d3ef91393a49a38c3f73fc8',
    ),
  },
}

const lowAttributes = objectAttributes(
  'fixedTPM',
  'fixedParent',
  'sensitiveDataOrigin',
  'adminWithPolicy',
  'restricted',
  'decrypt',
)
const highAttributes = { ...lowAttributes, userWithAuth: true }

interface Profile {
  nameAlg: HashAlgorithm
  attributes: typeof lowAttributes
  authPolicy: Uint8Array
  symmetric: TpmtSymDefObject
}

function rsaTemplate(profile: Profile, keyBits: number, uniqueLength: number): RsaPublic {
  return {
    type: 'rsa',
    nameAlg: profile.nameAlg,
    objectAttributes: profile.attributes,
    authPolicy: profile.authPolicy,
    parameters: {
      symmetric: profile.symmetric,
      scheme: { scheme: 'null' },
      keyBits,
      exponent: 0,
    },
    unique: new Uint8Array(uniqueLength),
  }
}

function eccTemplate(profile: Profile, curveID: CurveName, uniqueLength: number): EccPublic {
  return {
    type: 'ecc',
    nameAlg: profile.nameAlg,
    objectAttributes: profile.attributes,
    authPolicy: profile.authPolicy,
    parameters: {
      symmetric: profile.symmetric,
      scheme: { scheme: 'null' },
      curveID,
      kdf: { scheme: 'null' },
    },
    unique: { x: new Uint8Array(uniqueLength), y: new Uint8Array(uniqueLength) },
  }
}

const aes = (keyBits: number): TpmtSymDefObject => ({ algorithm: 'aes', keyBits, mode: 'cfb' })

const low: Profile = {
  nameAlg: 'sha256',
  attributes: lowAttributes,
  authPolicy: ekPolicies.A.sha256,
  symmetric: aes(128),
}
const high = (nameAlg: keyof typeof ekPolicies.B, symmetric: TpmtSymDefObject): Profile => ({
  nameAlg,
  attributes: highAttributes,
  authPolicy: ekPolicies.B[nameAlg],
  symmetric,
})

/**
 * The endorsement key templates by name. TCG EK Credential Profile 2.5, annex B. H-5 (SM2) is there to be recognised;
 * credentials cannot be made for it here.
 */
export const ekTemplates: { readonly [N in EkTemplateName]: EkTemplate & { readonly name: N } } = {
  'L-1': {
    name: 'L-1',
    kind: 'rsa-2048',
    publicArea: rsaTemplate(low, 2048, 256),
    nv: { certificate: 0x01c0_0002, nonce: 0x01c0_0003, template: 0x01c0_0004 },
    persistentHandle: 0x8101_0001,
  },
  'L-2': {
    name: 'L-2',
    kind: 'ecc-p256',
    publicArea: eccTemplate(low, 'P-256', 32),
    nv: { certificate: 0x01c0_000a, nonce: 0x01c0_000b, template: 0x01c0_000c },
    persistentHandle: 0x8101_0002,
  },
  'H-1': {
    name: 'H-1',
    kind: 'rsa-2048',
    publicArea: rsaTemplate(high('sha256', aes(128)), 2048, 0),
    nv: { certificate: 0x01c0_0012, template: 0x01c0_0013 },
  },
  'H-2': {
    name: 'H-2',
    kind: 'ecc-p256',
    publicArea: eccTemplate(high('sha256', aes(128)), 'P-256', 0),
    nv: { certificate: 0x01c0_0014, template: 0x01c0_0015 },
  },
  'H-3': {
    name: 'H-3',
    kind: 'ecc-p384',
    publicArea: eccTemplate(high('sha384', aes(256)), 'P-384', 0),
    nv: { certificate: 0x01c0_0016, template: 0x01c0_0017 },
  },
  'H-4': {
    name: 'H-4',
    kind: 'ecc-p521',
    publicArea: eccTemplate(high('sha512', aes(256)), 'P-521', 0),
    nv: { certificate: 0x01c0_0018, template: 0x01c0_0019 },
  },
  'H-5': {
    name: 'H-5',
    kind: 'ecc-sm2-p256',
    publicArea: eccTemplate(high('sm3_256', { algorithm: 'sm4', keyBits: 128, mode: 'cfb' }), 'SM2-P256', 0),
    nv: { certificate: 0x01c0_001a, template: 0x01c0_001b },
  },
  'H-6': {
    name: 'H-6',
    kind: 'rsa-3072',
    publicArea: rsaTemplate(high('sha384', aes(256)), 3072, 0),
    nv: { certificate: 0x01c0_001c, template: 0x01c0_001d },
  },
  'H-7': {
    name: 'H-7',
    kind: 'rsa-4096',
    publicArea: rsaTemplate(high('sha384', aes(256)), 4096, 0),
    nv: { certificate: 0x01c0_001e, template: 0x01c0_001f },
  },
}

/** Width of the fields in `unique`, in bytes: that of the modulus or of a coordinate. */
function uniqueWidth({ type, parameters }: RsaPublic | EccPublic): number {
  return type === 'rsa' ? parameters.keyBits / 8 : coordinateWidth(parameters.curveID)
}

/**
 * A template with a nonce at the start of its `unique` field, and zeros after it.
 * EK Credential Profile, section 2.2.1.4.
 */
export function withEkNonce(publicArea: RsaPublic | EccPublic, nonce: Uint8Array): RsaPublic | EccPublic {
  const zeros = new Uint8Array(uniqueWidth(publicArea))
  const filled = Uint8Array.from(zeros)
  filled.set(nonce.subarray(0, filled.length))
  return publicArea.type === 'rsa'
    ? { ...publicArea, unique: filled }
    : { ...publicArea, unique: { x: filled, y: zeros } }
}
