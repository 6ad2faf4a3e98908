import { type Codec, type Infer, rest, sized, struct, u16 } from '../../codec/index.js'
import { tpm2bDigest } from '../buffers.js'

const idObject = struct('TPMS_ID_OBJECT', { integrityHMAC: tpm2bDigest, encIdentity: rest })
/**
 * TPMS_ID_OBJECT: `encIdentity` is an encrypted TPM2B_DIGEST; its size field is inside the encryption.
 * Part 2, section 12.4.2.
 */
export interface TpmsIdObject extends Infer<typeof idObject> {}
/** TPM2B_ID_OBJECT: the credential blob of TPM2_MakeCredential. Part 2, section 12.4.3. */
export const tpm2bIdObject: Codec<TpmsIdObject> = { ...sized(u16, idObject, 132), name: 'TPM2B_ID_OBJECT' }
