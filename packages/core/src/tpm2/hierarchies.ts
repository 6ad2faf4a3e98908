import type { Codec, Writer } from '../codec/index.js'
import { type Hierarchy, permanentHandles } from './handles.js'

const hierarchies = ['owner', 'null', 'endorsement', 'platform'] as const
const names = new Map<number, Hierarchy>(hierarchies.map((name) => [permanentHandles[name], name]))

/**
 * Hierarchies that depend on the TPM's firmware: four of the firmware itself (TPM_RH_FW_OWNER and those after it) and
 * four ranges by its security version (TPM_RH_SVN_OWNER_BASE and those after it). Part 2, section 7.4.
 */
function isFirmwareHierarchy(handle: number): boolean {
  const base = handle >>> 16
  return (handle >= 0x4000_0140 && handle <= 0x4000_0143) || (base >= 0x4001 && base <= 0x4004)
}

/** TPMI_RH_HIERARCHY+: a hierarchy by name; one that depends on the TPM's firmware by its handle. Part 2, 9.13. */
export const tpmiRhHierarchy: Codec<Hierarchy | number> = {
  name: 'TPMI_RH_HIERARCHY',
  read(r) {
    const at = r.offset
    const handle = r.u32()
    const known = names.get(handle) ?? (isFirmwareHierarchy(handle) ? handle : undefined)
    return known ?? r.reject('a hierarchy', `0x${handle.toString(16)}`, at)
  },
  write(w: Writer, v) {
    const handle = typeof v === 'number' ? v : hierarchies.includes(v) ? permanentHandles[v] : undefined
    if (handle === undefined || !(names.has(handle) || isFirmwareHierarchy(handle))) {
      w.reject('a hierarchy', String(v))
    }
    w.u32(handle)
  },
}
