import { type Codec, type Infer, sized, sizedBytes, struct, u16, variant } from '../codec/index.js'
import { algorithmOf } from './algorithms.js'
import { tpm2bAuth, tpm2bDigest, tpm2bEccParameter } from './buffers.js'

/** TPM2B_PRIVATE_KEY_RSA: one prime, or what a TPM keeps beside it; up to RSA-16384. Part 2, section 11.2.4.7. */
export const tpm2bPrivateKeyRsa: Codec<Uint8Array> = {
  ...sizedBytes(u16, 5120),
  name: 'TPM2B_PRIVATE_KEY_RSA',
}
/** TPM2B_SENSITIVE_DATA: sealed data or the key of an HMAC; TPMs allow 128 bytes or more. Part 2, section 11.1.14. */
export const tpm2bSensitiveData: Codec<Uint8Array> = { ...sizedBytes(u16, 256), name: 'TPM2B_SENSITIVE_DATA' }
/** TPM2B_SYM_KEY: key of a block cipher. Part 2, section 11.1.8. */
export const tpm2bSymKey: Codec<Uint8Array> = { ...sizedBytes(u16, 32), name: 'TPM2B_SYM_KEY' }

const sensitive = variant(
  'TPMT_SENSITIVE',
  {
    sensitiveType: algorithmOf('TPMI_ALG_PUBLIC', ['rsa', 'ecc', 'keyedhash', 'symcipher']),
    authValue: tpm2bAuth,
    seedValue: tpm2bDigest,
  },
  'sensitiveType',
  {
    rsa: { sensitive: tpm2bPrivateKeyRsa },
    ecc: { sensitive: tpm2bEccParameter },
    keyedhash: { sensitive: tpm2bSensitiveData },
    symcipher: { sensitive: tpm2bSymKey },
  },
)
/**
 * TPMT_SENSITIVE: everything secret about an object; narrows on `sensitiveType`. `sensitive` is a prime, a scalar, data
 * or a key; `seedValue` obfuscates the public part of symmetric objects and is the seed of a storage key's children.
 * Part 2, section 12.3.2.4.
 */
export type TpmtSensitive = Infer<typeof sensitive>
/** Codec of {@link TpmtSensitive}. */
export const tpmtSensitive: Codec<TpmtSensitive> = sensitive
/** TPM2B_SENSITIVE. Part 2, section 12.3.3. */
export const tpm2bSensitive: Codec<TpmtSensitive> = {
  ...sized(u16, sensitive, 8192),
  name: 'TPM2B_SENSITIVE',
}

const sensitiveCreate = struct('TPMS_SENSITIVE_CREATE', { userAuth: tpm2bAuth, data: tpm2bSensitiveData })
/**
 * TPMS_SENSITIVE_CREATE: what a caller gives the TPM for a new object: its password, and data to seal or a key that is
 * brought along. Part 2, section 11.1.15.
 */
export interface TpmsSensitiveCreate extends Infer<typeof sensitiveCreate> {}
/** TPM2B_SENSITIVE_CREATE. Part 2, section 11.1.16. */
export const tpm2bSensitiveCreate: Codec<TpmsSensitiveCreate> = {
  ...sized(u16, sensitiveCreate, 512),
  name: 'TPM2B_SENSITIVE_CREATE',
}
