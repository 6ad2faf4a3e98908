import { type Codec, type Infer, sized, struct, u16 } from '../codec/index.js'
import { tpmiAlgHashOrNull } from './algorithms.js'
import { tpm2bData, tpm2bDigest, tpm2bName } from './buffers.js'
import { tpmaLocality } from './locality.js'
import { tpmlPcrSelection } from './pcr-selection.js'

const creationData = struct('TPMS_CREATION_DATA', {
  pcrSelect: tpmlPcrSelection,
  pcrDigest: tpm2bDigest,
  locality: tpmaLocality,
  parentNameAlg: tpmiAlgHashOrNull,
  parentName: tpm2bName,
  parentQualifiedName: tpm2bName,
  outsideInfo: tpm2bData,
})
/**
 * TPMS_CREATION_DATA: the circumstances under which the TPM made an object. Its digest, by the object's name algorithm,
 * is the `creationHash` that the TPM returns and certifies. Part 2, section 15.1.
 */
export interface TpmsCreationData extends Infer<typeof creationData> {}
/** Codec of {@link TpmsCreationData}. */
export const tpmsCreationData: Codec<TpmsCreationData> = creationData
/** TPM2B_CREATION_DATA. Part 2, section 15.2. */
export const tpm2bCreationData: Codec<TpmsCreationData> = {
  ...sized(u16, creationData, 4096),
  name: 'TPM2B_CREATION_DATA',
}
