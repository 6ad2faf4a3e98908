import { permanentHandles } from '@trusthold/core/tpm2'
import { handleRanges } from '../fields/handles.js'
import type { Machine } from '../machine/machine.js'
import { pcrCount } from '../machine/pcrs.js'
import { sessionHandles } from '../machine/sessions.js'

/** TPM_HT. Part 2, section 7.2. */
const types = {
  pcr: 0x00,
  nvIndex: 0x01,
  loadedSession: 0x02,
  savedSession: 0x03,
  permanent: 0x40,
  transient: 0x80,
  persistent: 0x81,
} as const

const ascending = (handles: readonly number[]): readonly number[] => handles.toSorted((a, b) => a - b)

/** Sessions are listed by slot: as HMAC sessions when they are loaded, with their own type when they are saved. */
const bySlot = (handles: readonly number[]): readonly number[] =>
  handles.toSorted((a, b) => (a & 0xff_ffff) - (b & 0xff_ffff))

/** Handles of a type that exist, ascending; undefined for what is no type. Part 3, section 30.2. */
export function existingHandles(machine: Machine, type: number): readonly number[] | undefined {
  switch (type) {
    case types.pcr:
      return Array.from({ length: pcrCount }, (_, pcr) => pcr)
    case types.nvIndex:
      return ascending(machine.stored.nv.map(({ publicArea }) => publicArea.nvIndex))
    case types.loadedSession:
      return bySlot(sessionHandles(machine, 'loaded'))
    case types.savedSession:
      return bySlot(sessionHandles(machine, 'saved'))
    case types.permanent:
      return ascending(Object.values(permanentHandles))
    case types.transient:
      return machine.volatile.objects.flatMap((entry, slot) =>
        entry === undefined ? [] : [handleRanges.transient[0] + slot],
      )
    case types.persistent:
      return ascending(machine.stored.persistent.map(({ handle }) => handle))
    default:
      return undefined
  }
}
