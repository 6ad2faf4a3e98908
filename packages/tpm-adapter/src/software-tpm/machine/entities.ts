import { handleName, type TpmtHaOrNull } from '@trusthold/core/tpm2'
import { handleRanges, isIn } from '../fields/handles.js'
import { noPolicy, permanentAuth } from './hierarchies.js'
import type { Machine } from './machine.js'
import { nvIndexAt, nvName } from './nv.js'
import { entryAt, type LoadedEntry } from './objects.js'

/** Name of whatever a handle is of. Part 1, section 16. */
export function entityName(machine: Machine, handle: number): Uint8Array {
  if (isIn(handleRanges.nvIndex, handle)) {
    const index = nvIndexAt(machine, handle)
    return index === undefined ? handleName(handle) : nvName(index)
  }
  const entry = entryAt(machine, handle)
  if (entry === undefined) return handleName(handle)
  return entry.kind === 'object' ? entry.name : new Uint8Array()
}

function entryAuth(entry: LoadedEntry): Uint8Array {
  if (entry.kind === 'sequence') return entry.auth
  return entry.sensitive?.authValue ?? new Uint8Array()
}

/** Authorisation value of an entity. */
export function entityAuth(machine: Machine, handle: number): Uint8Array {
  if (isIn(handleRanges.nvIndex, handle)) return nvIndexAt(machine, handle)?.auth ?? new Uint8Array()
  const entry = entryAt(machine, handle)
  return entry === undefined ? permanentAuth(machine, handle).auth : entryAuth(entry)
}

/** Policy of an entity, with its hash algorithm. */
export function entityPolicy(machine: Machine, handle: number): TpmtHaOrNull {
  if (isIn(handleRanges.nvIndex, handle)) {
    const area = nvIndexAt(machine, handle)?.publicArea
    return area === undefined ? noPolicy : { hashAlg: area.nameAlg, digest: area.authPolicy }
  }
  const entry = entryAt(machine, handle)
  if (entry === undefined) return permanentAuth(machine, handle).policy
  if (entry.kind === 'sequence') return noPolicy
  const { nameAlg, authPolicy } = entry.publicArea
  return { hashAlg: nameAlg, digest: authPolicy }
}
