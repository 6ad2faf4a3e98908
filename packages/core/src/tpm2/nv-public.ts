import { type Codec, type Infer, refine, sized, struct, u16, u32 } from '../codec/index.js'
import { tpmiAlgHash } from './algorithms.js'
import { tpm2bDigest } from './buffers.js'
import { tpmaNv } from './nv-attributes.js'

/** Most significant byte of the handles of NV indices (TPM_HT_NV_INDEX). Part 2, section 7.2. */
const nvIndexType = 0x01

const nvPublic = struct('TPMS_NV_PUBLIC', {
  nvIndex: refine(u32, (index) => (index >>> 24 === nvIndexType ? undefined : 'the handle of an NV index')),
  nameAlg: tpmiAlgHash,
  attributes: tpmaNv,
  authPolicy: tpm2bDigest,
  dataSize: u16,
})
/** TPMS_NV_PUBLIC: description of an NV index; `dataSize` in bytes. Part 2, 13.5. */
export interface TpmsNvPublic extends Infer<typeof nvPublic> {}
/** Codec of {@link TpmsNvPublic}. */
export const tpmsNvPublic: Codec<TpmsNvPublic> = nvPublic
/** TPM2B_NV_PUBLIC. Part 2, section 13.6. */
export const tpm2bNvPublic: Codec<TpmsNvPublic> = { ...sized(u16, nvPublic, 512), name: 'TPM2B_NV_PUBLIC' }
