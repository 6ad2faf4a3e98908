import { type Codec, type Infer, refine, sizedBytes, struct, u16, u32, u64 } from '../codec/index.js'
import { tpmiRhHierarchy } from './hierarchies.js'

/** TPM2B_CONTEXT_DATA: encrypted by the TPM for itself. Part 2, section 14.4. */
export const tpm2bContextData: Codec<Uint8Array> = { ...sizedBytes(u16, 8192), name: 'TPM2B_CONTEXT_DATA' }

/** Sessions by their handles; objects as one of three kinds: ordinary, sequence, stClear. */
function isSaved(handle: number): boolean {
  const type = handle >>> 24
  return type === 0x02 || type === 0x03 || (handle >= 0x8000_0000 && handle <= 0x8000_0002)
}

const context = struct('TPMS_CONTEXT', {
  sequence: u64,
  savedHandle: refine(u32, (handle) =>
    isSaved(handle) ? undefined : 'a session, or 0x80000000 to 0x80000002 for objects',
  ),
  hierarchy: tpmiRhHierarchy,
  contextBlob: tpm2bContextData,
})
/**
 * TPMS_CONTEXT: a loaded object or session outside the TPM, encrypted by it, good until its next reset. Part 2,
 * section 14.5.
 */
export interface TpmsContext extends Infer<typeof context> {}
/** Codec of {@link TpmsContext}. */
export const tpmsContext: Codec<TpmsContext> = context
