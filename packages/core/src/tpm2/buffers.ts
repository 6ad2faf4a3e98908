import { type Codec, sizedBytes, u16 } from '../codec/index.js'

function buffer(name: string, max: number): Codec<Uint8Array> {
  return { ...sizedBytes(u16, max), name }
}

/** TPM2B_DIGEST: at most the largest digest. Part 2, section 10.4.2. */
export const tpm2bDigest: Codec<Uint8Array> = buffer('TPM2B_DIGEST', 64)
/** TPM2B_DATA: at most a TPMT_HA. Part 2, section 10.4.3. */
export const tpm2bData: Codec<Uint8Array> = buffer('TPM2B_DATA', 66)
/** TPM2B_NONCE. Part 2, section 10.4.4. */
export const tpm2bNonce: Codec<Uint8Array> = buffer('TPM2B_NONCE', 64)
/** TPM2B_AUTH. Part 2, section 10.4.5. */
export const tpm2bAuth: Codec<Uint8Array> = buffer('TPM2B_AUTH', 64)
/** TPM2B_NAME: empty, a handle, or a name algorithm and its digest. Part 2, section 10.5.3. */
export const tpm2bName: Codec<Uint8Array> = buffer('TPM2B_NAME', 66)
/** TPM2B_MAX_NV_BUFFER; TPMs allow 512 to 2,048 bytes. Part 2, section 10.4.9. */
export const tpm2bMaxNvBuffer: Codec<Uint8Array> = buffer('TPM2B_MAX_NV_BUFFER', 4096)
/** TPM2B_PUBLIC_KEY_RSA: modulus or signature, up to RSA-16384. Part 2, section 11.2.4.5. */
export const tpm2bPublicKeyRsa: Codec<Uint8Array> = buffer('TPM2B_PUBLIC_KEY_RSA', 2048)
/** TPM2B_ECC_PARAMETER: coordinate or scalar. Part 2, section 11.2.5.1. */
export const tpm2bEccParameter: Codec<Uint8Array> = buffer('TPM2B_ECC_PARAMETER', 128)
/** TPM2B_ENCRYPTED_SECRET: RSA cipher text or a TPMS_ECC_POINT. Part 2, section 11.4.3. */
export const tpm2bEncryptedSecret: Codec<Uint8Array> = buffer('TPM2B_ENCRYPTED_SECRET', 2048)
/** TPM2B_PRIVATE: opaque to all but the TPM that made it. Part 2, section 12.3.7. */
export const tpm2bPrivate: Codec<Uint8Array> = buffer('TPM2B_PRIVATE', 8192)
/** TPM2B_ATTEST: an encoded TPMS_ATTEST. Part 2, section 10.12.13. */
export const tpm2bAttest: Codec<Uint8Array> = buffer('TPM2B_ATTEST', 4096)
