import { permanentHandles } from '@trusthold/core/tpm2'
import type { CommandReader } from '../fields/command-reader.js'
import { handleRanges, isIn, platformPersistentFirst } from '../fields/handles.js'
import { isEnabled } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { nvIndexAt } from '../machine/nv.js'
import { entryAt, persistentAt } from '../machine/objects.js'
import { isSlotLoaded, sessionAt } from '../machine/sessions.js'
import { failure, type ResponseCodeName, TpmFailure } from '../response-codes.js'
import type { Command } from './command.js'

/** What is wrong with a handle; REFERENCE_H0 counts up with its position. */
type HandleFault = ResponseCodeName | undefined

function faultOfPermanent(machine: Machine, handle: number): HandleFault {
  const { owner, endorsement, platform } = permanentHandles
  const hierarchy =
    handle === owner
      ? 'owner'
      : handle === endorsement
        ? 'endorsement'
        : handle === platform
          ? 'platform'
          : 'null'
  return isEnabled(machine, hierarchy) ? undefined : 'HIERARCHY'
}

function faultOfPersistent(machine: Machine, handle: number): HandleFault {
  const object = persistentAt(machine, handle)
  if (object === undefined) return 'HANDLE'
  const { enabled } = machine.volatile
  const hierarchy = object.hierarchy === permanentHandles.endorsement ? enabled.endorsement : true
  const owned = handle >= platformPersistentFirst ? enabled.platform : enabled.owner
  return hierarchy && owned ? undefined : 'HANDLE'
}

function faultOfNvIndex(machine: Machine, handle: number): HandleFault {
  const index = nvIndexAt(machine, handle)
  if (index === undefined) return 'HANDLE'
  const { enabled } = machine.volatile
  return (index.publicArea.attributes.platformCreate ? enabled.platformNv : enabled.owner)
    ? undefined
    : 'HANDLE'
}

function faultOfSession(machine: Machine, handle: number): HandleFault {
  if (!isSlotLoaded(machine, handle)) return 'REFERENCE_H0'
  return sessionAt(machine, handle) === undefined ? 'HANDLE' : undefined
}

/** Whether what a handle is of can be used. Part 3, section 5.4. */
function faultOf(machine: Machine, handle: number): HandleFault {
  const { transient, persistent, nvIndex, hmacSession, policySession, pcr } = handleRanges
  if (isIn(transient, handle)) return entryAt(machine, handle) === undefined ? 'REFERENCE_H0' : undefined
  if (isIn(persistent, handle)) return faultOfPersistent(machine, handle)
  if (isIn(nvIndex, handle)) return faultOfNvIndex(machine, handle)
  if (isIn(hmacSession, handle) || isIn(policySession, handle)) return faultOfSession(machine, handle)
  return isIn(pcr, handle) ? undefined : faultOfPermanent(machine, handle)
}

function readHandle(reader: CommandReader, command: Command, position: number): number {
  const [, definition] = command.handles[position] as Command['handles'][number]
  try {
    return definition.type.read(reader)
  } catch (error) {
    throw error instanceof TpmFailure ? error.aboutHandle(position + 1) : error
  }
}

/** Reads a command's handles and looks whether they are of something. Part 3, sections 5.3 and 5.4. */
export function readHandles(machine: Machine, command: Command, reader: CommandReader): readonly number[] {
  const handles = command.handles.map((_, position) => readHandle(reader, command, position))
  for (const [position, handle] of handles.entries()) {
    const fault = faultOf(machine, handle)
    if (fault === 'REFERENCE_H0') throw failure(fault, position)
    if (fault !== undefined) throw failure(fault).aboutHandle(position + 1)
  }
  return handles
}
