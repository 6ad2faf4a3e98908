import { type Codec, flags, type Infer, u32 } from '../../codec/index.js'
import { bitFields } from '../bit-fields.js'

const algorithm = flags('TPMA_ALGORITHM', u32, {
  asymmetric: 0,
  symmetric: 1,
  hash: 2,
  object: 3,
  signing: 8,
  encrypting: 9,
  method: 10,
})
/** TPMA_ALGORITHM: what an algorithm is for. Part 2, section 8.2. */
export interface TpmaAlgorithm extends Infer<typeof algorithm> {}
/** Codec of {@link TpmaAlgorithm}. */
export const tpmaAlgorithm: Codec<TpmaAlgorithm> = algorithm

const command = bitFields('TPMA_CC', u32, {
  commandIndex: { at: 0, width: 16 },
  nv: 22,
  extensive: 23,
  flushed: 24,
  cHandles: { at: 25, width: 3 },
  rHandle: 28,
  v: 29,
})
/**
 * TPMA_CC: a command and what it does; `commandIndex` is its code but for the vendor bit `v`, `cHandles` the number of
 * its handles. Part 2, section 8.9.
 */
export interface TpmaCc extends Infer<typeof command> {}
/** Codec of {@link TpmaCc}. */
export const tpmaCc: Codec<TpmaCc> = command

const act = flags('TPMA_ACT', u32, { signaled: 0, preserveSignaled: 1 })
/** TPMA_ACT: state of an authenticated countdown timer. Part 2, section 8.12. */
export interface TpmaAct extends Infer<typeof act> {}
/** Codec of {@link TpmaAct}. */
export const tpmaAct: Codec<TpmaAct> = act

const permanent = flags('TPMA_PERMANENT', u32, {
  ownerAuthSet: 0,
  endorsementAuthSet: 1,
  lockoutAuthSet: 2,
  disableClear: 8,
  inLockout: 9,
  tpmGeneratedEPS: 10,
})
/** TPMA_PERMANENT: value of the property `permanent`. Part 2, section 8.6. */
export interface TpmaPermanent extends Infer<typeof permanent> {}
/** Codec of {@link TpmaPermanent}. */
export const tpmaPermanent: Codec<TpmaPermanent> = permanent

const startupClear = flags('TPMA_STARTUP_CLEAR', u32, {
  phEnable: 0,
  shEnable: 1,
  ehEnable: 2,
  phEnableNV: 3,
  orderly: 31,
})
/** TPMA_STARTUP_CLEAR: value of the property `startupClear`. Part 2, section 8.7. */
export interface TpmaStartupClear extends Infer<typeof startupClear> {}
/** Codec of {@link TpmaStartupClear}. */
export const tpmaStartupClear: Codec<TpmaStartupClear> = startupClear
