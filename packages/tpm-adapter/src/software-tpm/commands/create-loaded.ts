import { encode } from '@trusthold/core/codec'
import { permanentHandles, type TpmtPublic, tpm2bName, tpm2bPrivate, tpm2bPublic } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { CommandReader } from '../fields/command-reader.js'
import { buffer } from '../fields/field.js'
import { parentHandle as parentHandleField } from '../fields/handles.js'
import { publicAreaField, sensitiveCreate } from '../fields/public-area.js'
import { hierarchyQualifiedName } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { createObject, nameOf } from '../machine/object-creation.js'
import { childEntry } from '../machine/object-loading.js'
import { checkCreation } from '../machine/object-rules.js'
import { isStorageParent, type KeyObjectEntry, loadEntry, requireFreeSlot } from '../machine/objects.js'
import { createPrimaryObject } from '../machine/primary-keys.js'
import { sensitiveToPrivate } from '../machine/private-areas.js'
import { makeRsaKey } from '../machine/rsa-keys.js'
import { inParameter, refuse, refuseHandle } from '../response-codes.js'
import { parentAt } from './objects.js'

const { owner, endorsement, platform, null: none } = permanentHandles
const hierarchies: readonly number[] = [owner, endorsement, platform, none]

/** TPM2B_TEMPLATE: a TPMT_PUBLIC, read once it is known what kind of parent it is for. */
function readTemplate(bytes: Uint8Array): TpmtPublic {
  const reader = new CommandReader(bytes)
  const area = publicAreaField.read(reader)
  return reader.remaining > 0 ? refuse('SIZE') : area
}

type Creation = Pick<Parameters<typeof createPrimaryObject>[3], 'userAuth' | 'data'>

function createPrimaryEntry(
  machine: Machine,
  hierarchy: number,
  template: TpmtPublic,
  sensitive: Creation,
): KeyObjectEntry {
  const created = createPrimaryObject(machine, hierarchy, template, sensitive)
  const qualifiedName = hierarchyQualifiedName(hierarchy)
  return childEntry({ qualifiedName, hierarchy, stClear: false }, created.publicArea, created.sensitive)
}

/** TPM2_CreateLoaded, for primary and ordinary objects; there are no derived ones. Part 3, section 12.9. */
export const createLoadedCommands = [
  defineCommand('TPM2_CreateLoaded', {
    handles: { parentHandle: { type: parentHandleField, role: 'user' } },
    parameters: { inSensitive: sensitiveCreate, inPublic: buffer(1024) },
    returnsHandle: true,
    encryptable: true,
    run(machine, { parentHandle, inSensitive, inPublic }) {
      requireFreeSlot(machine)
      const primary = hierarchies.includes(parentHandle)
      const parent = primary ? undefined : parentAt(machine, parentHandle)
      if (parent !== undefined && !isStorageParent(parent)) refuseHandle(1, 'TYPE')
      const template = inParameter(2, () => readTemplate(inPublic))
      inParameter(2, () => checkCreation(template, inSensitive.data.length, parent?.publicArea))
      if (parent === undefined) {
        const entry = createPrimaryEntry(machine, parentHandle, template, inSensitive)
        return loaded(machine, entry, new Uint8Array())
      }
      const created = createObject(template, inSensitive, machine.random, makeRsaKey)
      const outPrivate = sensitiveToPrivate(machine, parent, nameOf(created.publicArea), created.sensitive)
      return loaded(machine, childEntry(parent, created.publicArea, created.sensitive), outPrivate)
    },
  }),
]

function loaded(machine: Machine, entry: KeyObjectEntry, outPrivate: Uint8Array) {
  const { publicArea, name } = entry
  return {
    handle: loadEntry(machine, entry),
    parameters: [encode(tpm2bPrivate, outPrivate), encode(tpm2bPublic, publicArea), encode(tpm2bName, name)],
  }
}
