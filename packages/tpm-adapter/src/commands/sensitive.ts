import { type Codec, sized, struct, u16 } from '@trusthold/core/codec'
import { tpm2bAuth, tpm2bDigest } from '@trusthold/core/tpm2'

const sensitiveCreate = struct('TPMS_SENSITIVE_CREATE', { userAuth: tpm2bAuth, data: tpm2bDigest })

const nothing = new Uint8Array()
/** TPM2B_SENSITIVE_CREATE of an object with the empty password and no data of ours. Part 2, section 11.1.16. */
export const tpm2bSensitiveCreate: Codec<typeof emptySensitive> = sized(u16, sensitiveCreate, 256)
/** For keys that the TPM makes itself. */
export const emptySensitive: { readonly userAuth: Uint8Array; readonly data: Uint8Array } = {
  userAuth: nothing,
  data: nothing,
}
