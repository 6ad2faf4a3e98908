import { encode } from '@trusthold/core/codec'
import {
  computeQualifiedName,
  digestOf,
  type HashAlgorithm,
  permanentHandles,
  type TpmlPcrSelection,
  type TpmsCreationData,
  tpm2bCreationData,
  tpm2bDigest,
  tpm2bName,
  tpm2bPrivate,
  tpm2bPublic,
  tpm2bSensitiveData,
  tpmsCreationData,
  tpmtTkCreation,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { hierarchyHandle, objectHandle } from '../fields/handles.js'
import {
  auth,
  data,
  privateArea,
  publicArea,
  publicOrNameless,
  sensitive,
  sensitiveCreate,
} from '../fields/public-area.js'
import { pcrSelections } from '../fields/statements.js'
import { hierarchyOf, hierarchyQualifiedName, isEnabled } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { checkBinding } from '../machine/object-binding.js'
import {
  type CreatedObject,
  type CreationCircumstances,
  createObject,
  creationDataOf,
  nameOf,
  padAuth,
} from '../machine/object-creation.js'
import { checkChild, childEntry } from '../machine/object-loading.js'
import { checkAttributes, checkCreation, checkSchemes } from '../machine/object-rules.js'
import {
  entryAt,
  isParent,
  type KeyObjectEntry,
  loadEntry,
  objectAt,
  requireFreeSlot,
} from '../machine/objects.js'
import { createPrimaryObject } from '../machine/primary-keys.js'
import { privateToSensitive, sensitiveToPrivate } from '../machine/private-areas.js'
import { makeRsaKey } from '../machine/rsa-keys.js'
import { creationTicket } from '../machine/tickets.js'
import { failure, inParameter, refuseHandle, refuseParameter } from '../response-codes.js'

const nothing = new Uint8Array()

/** The object at a handle, which has to be able to have children. */
export function parentAt(machine: Machine, handle: number): KeyObjectEntry {
  const entry = entryAt(machine, handle)
  return entry?.kind === 'object' && isParent(entry) ? entry : refuseHandle(1, 'TYPE')
}

/** What a creation returns beside the object: circumstances, their digest, and a ticket for both. */
function creationProof(
  machine: Machine,
  hierarchy: number,
  created: CreatedObject,
  creationData: TpmsCreationData,
): readonly Uint8Array[] {
  const nameAlg = created.publicArea.nameAlg as HashAlgorithm
  const creationHash = digestOf(nameAlg, encode(tpmsCreationData, creationData))
  const ticket = creationTicket(machine, hierarchy, nameOf(created.publicArea), creationHash)
  return [
    encode(tpm2bPublic, created.publicArea),
    encode(tpm2bCreationData, creationData),
    encode(tpm2bDigest, creationHash),
    encode(tpmtTkCreation, ticket),
  ]
}

function circumstances(
  parent: Pick<CreationCircumstances, 'parentNameAlg' | 'parentName' | 'parentQualifiedName'>,
  input: { readonly outsideInfo: Uint8Array; readonly creationPCR: TpmlPcrSelection },
): CreationCircumstances {
  return { ...parent, outsideInfo: input.outsideInfo, creationPCR: input.creationPCR }
}

const creationParameters = {
  inSensitive: sensitiveCreate,
  inPublic: publicArea,
  outsideInfo: data,
  creationPCR: pcrSelections,
} as const

/** Objects. Part 3, sections 12 and 24.1. */
export const objectCommands = [
  defineCommand('TPM2_CreatePrimary', {
    handles: { primaryHandle: { type: hierarchyHandle, role: 'user' } },
    parameters: creationParameters,
    returnsHandle: true,
    encryptable: true,
    run(machine, { primaryHandle, inSensitive, inPublic, ...input }) {
      requireFreeSlot(machine)
      inParameter(2, () => checkCreation(inPublic, inSensitive.data.length))
      const created = createPrimaryObject(machine, primaryHandle, inPublic, inSensitive)
      const qualifiedName = hierarchyQualifiedName(primaryHandle)
      const entry = childEntry(
        { qualifiedName, hierarchy: primaryHandle, stClear: false },
        created.publicArea,
        created.sensitive,
      )
      const parent = {
        parentNameAlg: 'null',
        parentName: qualifiedName,
        parentQualifiedName: qualifiedName,
      } as const
      const creationData = creationDataOf(machine, created.publicArea, circumstances(parent, input))
      return {
        handle: loadEntry(machine, entry),
        parameters: [
          ...creationProof(machine, primaryHandle, created, creationData),
          encode(tpm2bName, entry.name),
        ],
      }
    },
  }),
  defineCommand('TPM2_Create', {
    handles: { parentHandle: { type: objectHandle, role: 'user' } },
    parameters: creationParameters,
    encryptable: true,
    run(machine, { parentHandle, inSensitive, inPublic, ...input }) {
      const parent = parentAt(machine, parentHandle)
      requireFreeSlot(machine)
      inParameter(2, () => checkCreation(inPublic, inSensitive.data.length, parent.publicArea))
      const created = createObject(inPublic, inSensitive, machine.random, makeRsaKey)
      const { name, qualifiedName, publicArea: area } = parent
      const where = { parentNameAlg: area.nameAlg, parentName: name, parentQualifiedName: qualifiedName }
      const creationData = creationDataOf(machine, created.publicArea, circumstances(where, input))
      const outPrivate = sensitiveToPrivate(machine, parent, nameOf(created.publicArea), created.sensitive)
      return {
        parameters: [
          encode(tpm2bPrivate, outPrivate),
          ...creationProof(machine, parent.hierarchy, created, creationData),
        ],
      }
    },
  }),
  defineCommand('TPM2_Load', {
    handles: { parentHandle: { type: objectHandle, role: 'user' } },
    parameters: { inPrivate: privateArea, inPublic: publicArea },
    returnsHandle: true,
    encryptable: true,
    run(machine, { parentHandle, inPrivate, inPublic }) {
      requireFreeSlot(machine)
      if (inPrivate.length === 0) refuseParameter(1, 'SIZE')
      const parent = parentAt(machine, parentHandle)
      const name = nameOf(inPublic)
      const secret = inParameter(1, () => privateToSensitive(parent, name, inPublic, inPrivate))
      checkChild(parent.publicArea, inPublic, secret, { publicArea: 2, sensitive: 1 })
      const handle = loadEntry(machine, childEntry(parent, inPublic, secret))
      return { handle, parameters: [encode(tpm2bName, name)] }
    },
  }),
  defineCommand('TPM2_LoadExternal', {
    handles: {},
    parameters: { inPrivate: sensitive, inPublic: publicOrNameless, hierarchy: hierarchyHandle },
    returnsHandle: true,
    encryptable: true,
    run(machine, { inPrivate, inPublic, hierarchy }) {
      requireFreeSlot(machine)
      if (!isEnabled(machine, hierarchyOf(hierarchy))) refuseParameter(3, 'HIERARCHY')
      const loaded = externalEntry(inPrivate, inPublic, hierarchy)
      return { handle: loadEntry(machine, loaded), parameters: [encode(tpm2bName, loaded.name)] }
    },
  }),
  defineCommand('TPM2_ReadPublic', {
    handles: { objectHandle: { type: objectHandle } },
    parameters: {},
    encryptable: true,
    run(machine, { objectHandle: handle }) {
      const entry = entryAt(machine, handle)
      if (entry?.kind !== 'object') throw failure('SEQUENCE')
      return {
        parameters: [
          encode(tpm2bPublic, entry.publicArea),
          encode(tpm2bName, entry.name),
          encode(tpm2bName, entry.qualifiedName),
        ],
      }
    },
  }),
  defineCommand('TPM2_Unseal', {
    handles: { itemHandle: { type: objectHandle, role: 'user' } },
    parameters: {},
    encryptable: true,
    run(machine, { itemHandle }) {
      const { publicArea: area, sensitive: secret } = objectAt(machine, itemHandle, 1)
      const { decrypt, sign, restricted } = area.objectAttributes
      if (area.type !== 'keyedhash') refuseHandle(1, 'TYPE')
      if (decrypt || sign || restricted) refuseHandle(1, 'ATTRIBUTES')
      return { parameters: [encode(tpm2bSensitiveData, secret?.sensitive ?? nothing)] }
    },
  }),
  defineCommand('TPM2_ObjectChangeAuth', {
    handles: { objectHandle: { type: objectHandle, role: 'admin' }, parentHandle: { type: objectHandle } },
    parameters: { newAuth: auth },
    encryptable: true,
    run(machine, { objectHandle: handle, parentHandle, newAuth }) {
      const object = entryAt(machine, handle)
      const parent = entryAt(machine, parentHandle)
      if (object?.kind !== 'object') return refuseHandle(1, 'TYPE')
      if (parent?.kind !== 'object' || object.sensitive === undefined) return refuseHandle(2, 'TYPE')
      const expected = computeQualifiedName(parent.qualifiedName, object.name)
      if (!expected.every((byte, i) => byte === object.qualifiedName[i])) refuseHandle(2, 'TYPE')
      const authValue = inParameter(1, () => padAuth(newAuth, object.publicArea.nameAlg))
      const changed = { ...object.sensitive, authValue }
      return { parameters: [encode(tpm2bPrivate, sensitiveToPrivate(machine, parent, object.name, changed))] }
    },
  }),
]

/** An object that is not from this TPM. Part 3, section 12.3. */
function externalEntry(
  inPrivate: Parameters<typeof checkBinding>[1],
  inPublic: Parameters<typeof checkBinding>[0],
  hierarchy: number,
): KeyObjectEntry {
  if (inPrivate !== undefined) {
    if (hierarchy !== permanentHandles.null) refuseParameter(3, 'HIERARCHY')
    const { fixedTPM, fixedParent, restricted } = inPublic.objectAttributes
    if (fixedTPM || fixedParent || restricted) refuseParameter(2, 'ATTRIBUTES')
  }
  const whole = inPrivate !== undefined && inPublic.nameAlg !== 'null'
  inParameter(2, () => (whole ? checkAttributes(inPublic) : checkSchemes(inPublic)))
  checkBinding(inPublic, inPrivate, { publicArea: 2, sensitive: 1 })
  const name = nameOf(inPublic)
  return {
    kind: 'object',
    publicArea: inPublic,
    sensitive:
      inPrivate === undefined
        ? undefined
        : { ...inPrivate, authValue: padAuth(inPrivate.authValue, inPublic.nameAlg) },
    name,
    // It is in no tree of this TPM.
    qualifiedName: name,
    hierarchy,
    external: true,
    stClear: inPublic.objectAttributes.stClear,
  }
}
