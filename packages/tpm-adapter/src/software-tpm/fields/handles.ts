import { permanentHandles } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import { type Field, oneOf, u32 } from './field.js'

/** A range of handles, first and last. */
export type HandleRange = readonly [first: number, last: number]

/** Where each kind of handle lies. Part 2, sections 7.2 and 7.5. */
export const handleRanges = {
  pcr: [0, 23],
  nvIndex: [0x0100_0000, 0x01ff_ffff],
  hmacSession: [0x0200_0000, 0x0200_003f],
  policySession: [0x0300_0000, 0x0300_003f],
  transient: [0x8000_0000, 0x8000_0002],
  persistent: [0x8100_0000, 0x81ff_ffff],
} as const satisfies Record<string, HandleRange>

/** The first handle of the half of the persistent ones that belongs to the platform. Part 2, section 7.5. */
export const platformPersistentFirst = 0x8180_0000

/** Whether a handle lies in a range. */
export function isIn([first, last]: HandleRange, handle: number): boolean {
  return handle >= first && handle <= last
}

/** A handle of some ranges, or one of some permanent ones. The TPMI_DH_*, TPMI_RH_* types of Part 2, section 9. */
function handleOf(ranges: readonly HandleRange[], ...single: readonly number[]): Field<number> {
  return {
    read(r) {
      const handle = r.u32()
      const allowed = single.includes(handle) || ranges.some((range) => isIn(range, handle))
      return allowed ? handle : refuse('VALUE')
    },
  }
}

const { owner, endorsement, platform, lockout, null: none } = permanentHandles
const { pcr, nvIndex, hmacSession, policySession, transient, persistent } = handleRanges

/** TPMI_DH_OBJECT. */
export const objectHandle: Field<number> = handleOf([transient, persistent])
/** TPMI_DH_OBJECT+. */
export const objectHandleOrNull: Field<number> = handleOf([transient, persistent], none)
/** TPMI_DH_PARENT: an object or a hierarchy. */
export const parentHandle: Field<number> = handleOf(
  [transient, persistent],
  owner,
  endorsement,
  platform,
  none,
)
/** TPMI_DH_PERSISTENT. */
export const persistentHandle: Field<number> = handleOf([persistent])
/** TPMI_DH_ENTITY. */
export const entityHandle: Field<number> = handleOf(
  [transient, persistent, nvIndex, pcr],
  owner,
  endorsement,
  platform,
  lockout,
)
/** TPMI_DH_ENTITY+. */
export const entityHandleOrNull: Field<number> = handleOf(
  [transient, persistent, nvIndex, pcr],
  owner,
  endorsement,
  platform,
  lockout,
  none,
)
/** TPMI_DH_PCR. */
export const pcrHandle: Field<number> = handleOf([pcr])
/** TPMI_DH_PCR+. */
export const pcrHandleOrNull: Field<number> = handleOf([pcr], none)
/** TPMI_SH_POLICY. */
export const policyHandle: Field<number> = handleOf([policySession])
/** TPMI_SH_AUTH_SESSION, password included. */
export const authSessionHandle: Field<number> = handleOf(
  [hmacSession, policySession],
  permanentHandles.password,
)
/** TPMI_DH_CONTEXT. */
export const contextHandle: Field<number> = handleOf([hmacSession, policySession, transient])
/** TPMI_DH_SAVED: sessions, and one handle for each kind of object. */
export const savedHandle: Field<number> = handleOf([hmacSession, policySession, [0x8000_0000, 0x8000_0002]])
/** TPMI_RH_HIERARCHY+. */
export const hierarchyHandle: Field<number> = oneOf(u32, [owner, endorsement, platform, none], 'VALUE')
/** TPMI_RH_HIERARCHY_AUTH. */
export const hierarchyAuthHandle: Field<number> = oneOf(u32, [owner, endorsement, platform, lockout], 'VALUE')
/** TPMI_RH_ENDORSEMENT. */
export const endorsementHandle: Field<number> = oneOf(u32, [endorsement], 'VALUE')
/** TPMI_RH_PROVISION. */
export const provisionHandle: Field<number> = oneOf(u32, [owner, platform], 'VALUE')
/** TPMI_RH_CLEAR. */
export const clearHandle: Field<number> = oneOf(u32, [lockout, platform], 'VALUE')
/** TPMI_RH_LOCKOUT. */
export const lockoutHandle: Field<number> = oneOf(u32, [lockout], 'VALUE')
/** TPMI_RH_NV_AUTH. */
export const nvAuthHandle: Field<number> = handleOf([nvIndex], owner, platform)
/** TPMI_RH_NV_INDEX. */
export const nvIndexHandle: Field<number> = handleOf([nvIndex])
