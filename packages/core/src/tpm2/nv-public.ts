import { type Codec, type Infer, sized, struct, u16, u32 } from '../codec/index.js'
import { tpmiAlgHash } from './algorithms.js'
import { tpm2bDigest } from './buffers.js'

const nvPublic = struct('TPMS_NV_PUBLIC', {
  nvIndex: u32,
  nameAlg: tpmiAlgHash,
  attributes: u32,
  authPolicy: tpm2bDigest,
  dataSize: u16,
})
/** TPMS_NV_PUBLIC: description of an NV index; `attributes` is a TPMA_NV, `dataSize` in bytes. Part 2, 13.5. */
export interface TpmsNvPublic extends Infer<typeof nvPublic> {}
/** TPM2B_NV_PUBLIC. Part 2, section 13.6. */
export const tpm2bNvPublic: Codec<TpmsNvPublic> = { ...sized(u16, nvPublic, 512), name: 'TPM2B_NV_PUBLIC' }
