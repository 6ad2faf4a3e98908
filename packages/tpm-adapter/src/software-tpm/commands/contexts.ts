import { encode } from '@trusthold/core/codec'
import { permanentHandles, tpmsContext } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { buffer, u64 } from '../fields/field.js'
import {
  contextHandle,
  handleRanges,
  hierarchyHandle,
  isIn,
  objectHandle,
  persistentHandle,
  platformPersistentFirst,
  provisionHandle,
  savedHandle,
} from '../fields/handles.js'
import { loadContext, saveContext } from '../machine/contexts.js'
import type { Machine } from '../machine/machine.js'
import { entryAt, flushObject, persistentAt } from '../machine/objects.js'
import { flushSession, sessionEntry } from '../machine/sessions.js'
import { refuse, refuseHandle, refuseParameter } from '../response-codes.js'

const { owner, platform } = permanentHandles
/** Objects that can be persistent at a time. */
export const persistentSlots = 32

const context = {
  sequence: u64,
  savedHandle,
  hierarchy: hierarchyHandle,
  contextBlob: buffer(5120),
} as const

/** Commands that come before {@link context} ones in Part 3 are in other files. */
function persist(machine: Machine, auth: number, object: number, handle: number): void {
  const entry = entryAt(machine, object)
  if (entry?.kind !== 'object' || entry.sensitive === undefined) refuseHandle(2, 'ATTRIBUTES')
  const { stClear } = entry.publicArea.objectAttributes
  const passing = entry.hierarchy === permanentHandles.null || entry.external
  if (passing || stClear || entry.stClear) refuseHandle(2, 'ATTRIBUTES')
  const ofPlatform = entry.hierarchy === platform
  if (auth === platform ? !ofPlatform : ofPlatform) {
    refuseHandle(2, 'HIERARCHY')
  }
  if (handle >= platformPersistentFirst !== (auth === platform)) refuseParameter(1, 'RANGE')
  if (persistentAt(machine, handle) !== undefined) refuse('NV_DEFINED')
  if (machine.stored.persistent.length >= persistentSlots) refuse('NV_SPACE')
  const { publicArea, sensitive, qualifiedName, hierarchy } = entry
  machine.stored.persistent.push({ handle, publicArea, sensitive, qualifiedName, hierarchy })
  machine.save()
}

function evict(machine: Machine, auth: number, object: number, handle: number): void {
  const stored = persistentAt(machine, object)
  if (stored === undefined) return
  if (auth === owner ? object >= platformPersistentFirst : false) refuseHandle(2, 'HIERARCHY')
  if (handle !== object) refuseHandle(2, 'HANDLE')
  machine.stored.persistent = machine.stored.persistent.filter((each) => each !== stored)
  machine.save()
}

/** Contexts. Part 3, section 28. */
export const contextCommands = [
  defineCommand('TPM2_ContextSave', {
    handles: { saveHandle: { type: contextHandle } },
    parameters: {},
    noSessions: true,
    run: (machine, { saveHandle }) => ({
      parameters: [encode(tpmsContext, saveContext(machine, saveHandle))],
    }),
  }),
  defineCommand('TPM2_ContextLoad', {
    handles: {},
    parameters: context,
    returnsHandle: true,
    noSessions: true,
    run: (machine, saved) => ({ handle: loadContext(machine, saved) }),
  }),
  defineCommand('TPM2_FlushContext', {
    handles: {},
    parameters: { flushHandle: contextHandle },
    noSessions: true,
    run(machine, { flushHandle }) {
      if (isIn(handleRanges.transient, flushHandle)) {
        if (entryAt(machine, flushHandle) === undefined) refuseParameter(1, 'HANDLE')
        flushObject(machine, flushHandle)
        return {}
      }
      if (sessionEntry(machine, flushHandle) === undefined) refuseParameter(1, 'HANDLE')
      flushSession(machine, flushHandle)
      return {}
    },
  }),
  defineCommand('TPM2_EvictControl', {
    handles: { auth: { type: provisionHandle, role: 'user' }, objectHandle: { type: objectHandle } },
    parameters: { persistentHandle },
    nv: true,
    run(machine, { auth, objectHandle: object, persistentHandle: handle }) {
      if (isIn(handleRanges.persistent, object)) evict(machine, auth, object, handle)
      else persist(machine, auth, object, handle)
      return {}
    },
  }),
]
