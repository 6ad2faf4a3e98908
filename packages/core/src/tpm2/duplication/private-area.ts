import { type Codec, type Infer, rest, sized, struct, u16 } from '../../codec/index.js'
import { tpm2bDigest } from '../buffers.js'

const privateArea = struct('_PRIVATE', { integrityOuter: tpm2bDigest, sensitive: rest })
/** _PRIVATE with an outer wrap; `sensitive` is encrypted, and an inner wrapper inside it. Part 2, section 12.3.6. */
export interface PrivateArea extends Infer<typeof privateArea> {}
/** TPM2B_PRIVATE of a duplicate. Part 2, section 12.3.7. */
export const tpm2bDuplicate: Codec<PrivateArea> = { ...sized(u16, privateArea, 8192), name: 'TPM2B_PRIVATE' }
