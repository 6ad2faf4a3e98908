import { type Codec, type Infer, sized, struct, u16, u32, variant } from '../codec/index.js'
import { algorithmOf, tpmiAlgHashOrNull } from './algorithms.js'
import { tpm2bDigest, tpm2bEccParameter, tpm2bPublicKeyRsa } from './buffers.js'
import { tpmEccCurve } from './curves.js'
import { tpmaObject } from './object-attributes.js'
import {
  tpmtEccScheme,
  tpmtKdfScheme,
  tpmtKeyedHashScheme,
  tpmtRsaScheme,
  tpmtSymDefObject,
} from './schemes.js'

const eccPoint = struct('TPMS_ECC_POINT', { x: tpm2bEccParameter, y: tpm2bEccParameter })
/** TPMS_ECC_POINT. Part 2, section 11.2.5.2. */
export interface TpmsEccPoint extends Infer<typeof eccPoint> {}
/** Codec of {@link TpmsEccPoint}. */
export const tpmsEccPoint: Codec<TpmsEccPoint> = eccPoint

const rsaParms = struct('TPMS_RSA_PARMS', {
  symmetric: tpmtSymDefObject,
  scheme: tpmtRsaScheme,
  keyBits: u16,
  exponent: u32,
})
/** TPMS_RSA_PARMS; `exponent` 0 means 65,537. Part 2, section 12.2.3.5. */
export interface TpmsRsaParms extends Infer<typeof rsaParms> {}

const eccParms = struct('TPMS_ECC_PARMS', {
  symmetric: tpmtSymDefObject,
  scheme: tpmtEccScheme,
  curveID: tpmEccCurve,
  kdf: tpmtKdfScheme,
})
/** TPMS_ECC_PARMS. Part 2, section 12.2.3.6. */
export interface TpmsEccParms extends Infer<typeof eccParms> {}

const keyedHashParms = struct('TPMS_KEYEDHASH_PARMS', { scheme: tpmtKeyedHashScheme })
/** TPMS_KEYEDHASH_PARMS. Part 2, section 12.2.3.3. */
export interface TpmsKeyedHashParms extends Infer<typeof keyedHashParms> {}

const symCipherParms = struct('TPMS_SYMCIPHER_PARMS', { sym: tpmtSymDefObject })
/** TPMS_SYMCIPHER_PARMS. Part 2, section 11.1.9. */
export interface TpmsSymCipherParms extends Infer<typeof symCipherParms> {}

const publicArea = variant(
  'TPMT_PUBLIC',
  {
    type: algorithmOf('TPMI_ALG_PUBLIC', ['rsa', 'ecc', 'keyedhash', 'symcipher']),
    nameAlg: tpmiAlgHashOrNull,
    objectAttributes: tpmaObject,
    authPolicy: tpm2bDigest,
  },
  'type',
  {
    rsa: { parameters: rsaParms as Codec<TpmsRsaParms>, unique: tpm2bPublicKeyRsa },
    ecc: { parameters: eccParms as Codec<TpmsEccParms>, unique: tpmsEccPoint },
    keyedhash: { parameters: keyedHashParms as Codec<TpmsKeyedHashParms>, unique: tpm2bDigest },
    symcipher: { parameters: symCipherParms as Codec<TpmsSymCipherParms>, unique: tpm2bDigest },
  },
)
/** TPMT_PUBLIC: everything public about an object; narrows on `type`. Part 2, section 12.2.4. */
export type TpmtPublic = Infer<typeof publicArea>
/** Codec of {@link TpmtPublic}. */
export const tpmtPublic: Codec<TpmtPublic> = publicArea

/** The public area of an RSA key. */
export type RsaPublic = Extract<TpmtPublic, { readonly type: 'rsa' }>
/** The public area of an ECC key. */
export type EccPublic = Extract<TpmtPublic, { readonly type: 'ecc' }>

/** TPM2B_PUBLIC. Part 2, section 12.2.5. */
export const tpm2bPublic: Codec<TpmtPublic> = { ...sized(u16, tpmtPublic, 4096), name: 'TPM2B_PUBLIC' }
