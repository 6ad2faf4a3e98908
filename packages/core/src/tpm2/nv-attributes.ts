import { type Codec, type Infer, u32 } from '../codec/index.js'
import { bitFields } from './bit-fields.js'

const attributes = bitFields('TPMA_NV', u32, {
  ppWrite: 0,
  ownerWrite: 1,
  authWrite: 2,
  policyWrite: 3,
  nt: {
    at: 4,
    width: 4,
    names: { ordinary: 0, counter: 1, bits: 2, extend: 4, pinFail: 8, pinPass: 9 },
  },
  policyDelete: 10,
  writeLocked: 11,
  writeAll: 12,
  writeDefine: 13,
  writeStClear: 14,
  globalLock: 15,
  ppRead: 16,
  ownerRead: 17,
  authRead: 18,
  policyRead: 19,
  noDA: 25,
  orderly: 26,
  clearStClear: 27,
  readLocked: 28,
  written: 29,
  platformCreate: 30,
  readStClear: 31,
})
/**
 * TPMA_NV: who may read and write an NV index, and what it is; `nt` is its TPM_NT. Reserved bits and types are refused.
 * Part 2, sections 13.2 and 13.4.
 */
export interface TpmaNv extends Infer<typeof attributes> {}
/** Codec of {@link TpmaNv}. */
export const tpmaNv: Codec<TpmaNv> = attributes

/** Name of an NV attribute that is set or clear. */
export type NvAttribute = Exclude<keyof TpmaNv, 'nt'>

const none: TpmaNv = {
  ppWrite: false,
  ownerWrite: false,
  authWrite: false,
  policyWrite: false,
  nt: 'ordinary',
  policyDelete: false,
  writeLocked: false,
  writeAll: false,
  writeDefine: false,
  writeStClear: false,
  globalLock: false,
  ppRead: false,
  ownerRead: false,
  authRead: false,
  policyRead: false,
  noDA: false,
  orderly: false,
  clearStClear: false,
  readLocked: false,
  written: false,
  platformCreate: false,
  readStClear: false,
}

/** Attributes of an index of this type, of which exactly these are set. */
export function nvAttributes(nt: TpmaNv['nt'], ...set: readonly NvAttribute[]): TpmaNv {
  return { ...none, ...Object.fromEntries(set.map((name) => [name, true])), nt }
}
