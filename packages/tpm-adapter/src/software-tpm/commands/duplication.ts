import { concatBytes, constantTimeEqual } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  digestOf,
  permanentHandles,
  type TpmtPublic,
  type TpmtSensitive,
  type TpmtSymDefObject,
  tpm2bData,
  tpm2bDigest,
  tpm2bEncryptedSecret,
  tpm2bPrivate,
  tpm2bSensitive,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { CommandReader } from '../fields/command-reader.js'
import { objectHandle, objectHandleOrNull } from '../fields/handles.js'
import { data, digest, encryptedSecret, privateArea, publicArea } from '../fields/public-area.js'
import { symDefObject } from '../fields/schemes.js'
import type { Machine } from '../machine/machine.js'
import { checkBinding } from '../machine/object-binding.js'
import { nameOf } from '../machine/object-creation.js'
import { checkChild } from '../machine/object-loading.js'
import { entryAt, isStorageParent, type KeyObjectEntry } from '../machine/objects.js'
import {
  cfb,
  protectionOf,
  readSensitive,
  sensitiveToPrivate,
  unwrap,
  wrap,
} from '../machine/private-areas.js'
import { openSecret, shareSecret } from '../machine/secrets.js'
import { inParameter, refuse, refuseHandle, refuseParameter } from '../response-codes.js'
import { parentAt } from './objects.js'

const empty = new Uint8Array()
const zeroIv = new Uint8Array(16)

function keyBytes(symmetric: TpmtSymDefObject): number {
  return symmetric.algorithm === 'null' ? 0 : symmetric.keyBits / 8
}

/** `H(sensitive || name)` and the sensitive area, encrypted. Part 1, section 23.3.2.2. */
function wrapInner(area: TpmtPublic, content: Uint8Array, key: Uint8Array): Uint8Array {
  const { nameAlg } = area
  if (key.length === 0 || nameAlg === 'null') return content
  const integrity = digestOf(nameAlg, concatBytes(content, nameOf(area)))
  return cfb('encrypt', key, zeroIv, concatBytes(encode(tpm2bDigest, integrity), content))
}

function unwrapInner(area: TpmtPublic, content: Uint8Array, key: Uint8Array): Uint8Array {
  const { nameAlg } = area
  if (key.length === 0 || nameAlg === 'null') return content
  const plain = cfb('decrypt', key, zeroIv, content)
  const reader = new CommandReader(plain)
  const integrity = digest.read(reader)
  const inside = plain.subarray(reader.offset)
  if (!constantTimeEqual(integrity, digestOf(nameAlg, concatBytes(inside, nameOf(area))))) refuse('INTEGRITY')
  return inside
}

/** An object that may leave: with its private part, a name, and not bound to its parent. */
function movableAt(machine: Machine, handle: number): KeyObjectEntry & { readonly sensitive: TpmtSensitive } {
  const object = entryAt(machine, handle)
  if (object?.kind !== 'object' || object.sensitive === undefined) return refuseHandle(1, 'TYPE')
  const { objectAttributes, nameAlg } = object.publicArea
  if (objectAttributes.fixedParent) refuseHandle(1, 'ATTRIBUTES')
  if (nameAlg === 'null') refuseHandle(1, 'TYPE')
  return { ...object, sensitive: object.sensitive }
}

/** The storage key that an object goes to; undefined for none. */
function newParentAt(machine: Machine, handle: number): KeyObjectEntry | undefined {
  if (handle === permanentHandles.null) return undefined
  const entry = entryAt(machine, handle)
  if (entry?.kind !== 'object' || entry.publicArea.type === 'keyedhash') return refuseHandle(2, 'TYPE')
  const { restricted, decrypt } = entry.publicArea.objectAttributes
  return restricted && decrypt ? entry : refuseHandle(2, 'TYPE')
}

function checkProtection(
  { publicArea: { objectAttributes } }: KeyObjectEntry,
  newParent: KeyObjectEntry | undefined,
  symmetric: TpmtSymDefObject,
): void {
  if (!objectAttributes.encryptedDuplication) return
  if (symmetric.algorithm === 'null') refuseParameter(2, 'SYMMETRIC')
  if (newParent === undefined) refuseHandle(2, 'HIERARCHY')
}

/** The key of the inner wrapper: the caller's, or a new one where the caller leaves it out; empty for no wrapper. */
function innerKeyOf(machine: Machine, given: Uint8Array, symmetric: TpmtSymDefObject): Uint8Array {
  const length = keyBytes(symmetric)
  if (given.length !== 0 && given.length !== length) refuseParameter(1, 'SIZE')
  return given.length === length ? given : machine.random.bytes(length)
}

const duplicate = defineCommand('TPM2_Duplicate', {
  handles: {
    objectHandle: { type: objectHandle, role: 'dup' },
    newParentHandle: { type: objectHandleOrNull },
  },
  parameters: { encryptionKeyIn: data, symmetricAlg: symDefObject },
  encryptable: true,
  run(machine, { objectHandle: handle, newParentHandle, encryptionKeyIn, symmetricAlg }) {
    const object = movableAt(machine, handle)
    const newParent = newParentAt(machine, newParentHandle)
    checkProtection(object, newParent, symmetricAlg)
    const innerKey = innerKeyOf(machine, encryptionKeyIn, symmetricAlg)
    const inner = wrapInner(object.publicArea, encode(tpm2bSensitive, object.sensitive), innerKey)
    const shared = newParent && shareSecret(machine, newParent.publicArea, 'DUPLICATE')
    const outer = newParent && shared ? wrap(protectionOf(newParent, shared.seed), object.name, inner) : inner
    return {
      parameters: [
        encode(tpm2bData, encryptionKeyIn.length > 0 ? empty : innerKey),
        encode(tpm2bPrivate, outer),
        encode(tpm2bEncryptedSecret, shared?.encryptedSecret ?? empty),
      ],
    }
  },
})

/** What came says how it is protected; that has to be what the object asks for. */
function checkWrapping(
  { objectAttributes: { fixedTPM, fixedParent, encryptedDuplication } }: TpmtPublic,
  given: {
    readonly encryptionKey: Uint8Array
    readonly inSymSeed: Uint8Array
    readonly symmetricAlg: TpmtSymDefObject
  },
): void {
  if (fixedTPM || fixedParent) refuseParameter(2, 'ATTRIBUTES')
  if (given.encryptionKey.length !== keyBytes(given.symmetricAlg)) refuseParameter(1, 'SIZE')
  if (!encryptedDuplication) return
  if (given.symmetricAlg.algorithm === 'null') refuseParameter(2, 'ATTRIBUTES')
  if (given.inSymSeed.length === 0) refuseParameter(4, 'VALUE')
}

const importCommand = defineCommand('TPM2_Import', {
  handles: { parentHandle: { type: objectHandle, role: 'user' } },
  parameters: {
    encryptionKey: data,
    objectPublic: publicArea,
    duplicate: privateArea,
    inSymSeed: encryptedSecret,
    symmetricAlg: symDefObject,
  },
  encryptable: true,
  run(machine, { parentHandle, objectPublic, duplicate: wrapped, ...given }) {
    const { encryptionKey, inSymSeed } = given
    const parent = storageParentAt(machine, parentHandle)
    checkWrapping(objectPublic, given)
    const name = nameOf(objectPublic)
    const inner = inSymSeed.length === 0 ? wrapped : unwrapOuter(machine, parent, name, wrapped, inSymSeed)
    const sensitive = inParameter(3, () =>
      readSensitive(unwrapInner(objectPublic, inner, encryptionKey), objectPublic),
    )
    checkChild(parent.publicArea, objectPublic, sensitive, { publicArea: 2, sensitive: 3 })
    checkBinding(objectPublic, sensitive, { publicArea: 2, sensitive: 3 })
    return { parameters: [encode(tpm2bPrivate, sensitiveToPrivate(machine, parent, name, sensitive))] }
  },
})

function storageParentAt(machine: Machine, handle: number): KeyObjectEntry {
  const parent = parentAt(machine, handle)
  return isStorageParent(parent) ? parent : refuseHandle(1, 'TYPE')
}

function unwrapOuter(
  machine: Machine,
  parent: KeyObjectEntry,
  name: Uint8Array,
  duplicate: Uint8Array,
  seed: Uint8Array,
): Uint8Array {
  if (parent.publicArea.type !== 'rsa' && parent.publicArea.type !== 'ecc') return refuseHandle(1, 'TYPE')
  const secret = inParameter(4, () => openSecret(machine, parent, 'DUPLICATE', seed))
  return inParameter(3, () => unwrap(protectionOf(parent, secret), name, duplicate, false))
}

/** TPM2_Duplicate, TPM2_Import. Part 3, section 13; Part 1, section 23. */
export const duplicationCommands = [duplicate, importCommand]
