import type { TpmtPublic, TpmtSensitive } from '@trusthold/core/tpm2'
import type { Hash } from '../fields/algorithms.js'
import { handleRanges, isIn } from '../fields/handles.js'
import { refuse, refuseHandle } from '../response-codes.js'
import type { Machine } from './machine.js'
import type { PersistentObject } from './stored-state.js'

/** A loaded object: a key or sealed data. */
export interface KeyObjectEntry {
  readonly kind: 'object'
  readonly publicArea: TpmtPublic
  /** Absent when only the public area was loaded. */
  readonly sensitive: TpmtSensitive | undefined
  readonly name: Uint8Array
  readonly qualifiedName: Uint8Array
  /** Handle of its hierarchy. */
  readonly hierarchy: number
  /** Loaded by TPM2_LoadExternal. */
  readonly external: boolean
  /** Goes with the next TPM Restart: it, or one of its ancestors, has stClear set. */
  readonly stClear: boolean
}

/** A hash sequence, or an event sequence (for all banks), that is being fed. */
export interface SequenceEntry {
  readonly kind: 'sequence'
  readonly hash: Hash | 'event'
  readonly auth: Uint8Array
  readonly parts: Uint8Array[]
}

/** What a transient handle can be of. */
export type LoadedEntry = KeyObjectEntry | SequenceEntry

/** Transient slots (MAX_LOADED_OBJECTS). */
export const transientSlots = 3

const firstTransient = handleRanges.transient[0]

/** Refuses when no slot is free. */
export function requireFreeSlot(machine: Machine): void {
  if (freeSlot(machine) === -1) refuse('OBJECT_MEMORY')
}

function freeSlot(machine: Machine): number {
  const { objects } = machine.volatile
  for (let slot = 0; slot < transientSlots; slot++) if (objects[slot] === undefined) return slot
  return -1
}

/** Slots that are free. */
export function freeSlots(machine: Machine): number {
  return transientSlots - machine.volatile.objects.filter((each) => each !== undefined).length
}

/** Loads into a free slot; returns the handle. */
export function loadEntry(machine: Machine, entry: LoadedEntry): number {
  requireFreeSlot(machine)
  const slot = freeSlot(machine)
  machine.volatile.objects[slot] = entry
  return firstTransient + slot
}

/** The persistent object at a handle. */
export function persistentAt(machine: Machine, handle: number): PersistentObject | undefined {
  return machine.stored.persistent.find((each) => each.handle === handle)
}

/** What is at a transient or persistent handle; undefined when nothing is. */
export function entryAt(machine: Machine, handle: number): LoadedEntry | undefined {
  if (isIn(handleRanges.transient, handle)) return machine.volatile.objects[handle - firstTransient]
  const stored = persistentAt(machine, handle)
  return stored === undefined ? undefined : machine.persistentEntry(stored)
}

/**
 * The object at a handle that was found to be there; a sequence is none.
 * @param position of the handle in its command, to blame
 */
export function objectAt(machine: Machine, handle: number, position: number): KeyObjectEntry {
  const entry = entryAt(machine, handle)
  return entry?.kind === 'object' ? entry : refuseHandle(position, 'TYPE')
}

/** Empties a transient slot. */
export function flushObject(machine: Machine, handle: number): void {
  machine.volatile.objects[handle - firstTransient] = undefined
}

/** Whether an object can have children: a restricted decryption key with its private part. Part 1, section 23. */
export function isParent({ publicArea, sensitive }: KeyObjectEntry): boolean {
  const { restricted, decrypt, sign } = publicArea.objectAttributes
  return restricted && decrypt && !sign && sensitive !== undefined
}

/** The same for the kinds of parent that protect children by encryption, which derivation parents do not. */
export function isStorageParent(entry: KeyObjectEntry): boolean {
  return isParent(entry) && entry.publicArea.type !== 'keyedhash'
}
