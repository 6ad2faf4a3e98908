import { concatBytes, constantTimeEqual } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  digestOf,
  hashFacts,
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
import { checkBinding } from '../machine/object-binding.js'
import { nameOf } from '../machine/object-creation.js'
import { checkAttributes } from '../machine/object-rules.js'
import { entryAt, isParent } from '../machine/objects.js'
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

/** Without the zeros that only this TPM adds. */
function plainAuth(sensitive: TpmtSensitive): TpmtSensitive {
  return { ...sensitive, authValue: sensitive.authValue }
}

/** TPM2_Duplicate, TPM2_Import. Part 3, section 13; Part 1, section 23. */
export const duplicationCommands = [
  defineCommand('TPM2_Duplicate', {
    handles: {
      objectHandle: { type: objectHandle, role: 'dup' },
      newParentHandle: { type: objectHandleOrNull },
    },
    parameters: { encryptionKeyIn: data, symmetricAlg: symDefObject },
    encryptable: true,
    run(machine, { objectHandle: handle, newParentHandle, encryptionKeyIn, symmetricAlg }) {
      const object = entryAt(machine, handle)
      if (object?.kind !== 'object' || object.sensitive === undefined) return refuseHandle(1, 'TYPE')
      const { objectAttributes, nameAlg } = object.publicArea
      if (objectAttributes.fixedParent) refuseHandle(1, 'ATTRIBUTES')
      if (nameAlg === 'null') refuseHandle(1, 'TYPE')
      const newParent =
        newParentHandle === permanentHandles.null ? undefined : entryAt(machine, newParentHandle)
      const toParent = newParent?.kind === 'object' ? newParent : undefined
      if (newParentHandle !== permanentHandles.null) {
        const { restricted, decrypt } = toParent?.publicArea.objectAttributes ?? {}
        if (toParent === undefined || restricted !== true || decrypt !== true) refuseHandle(2, 'TYPE')
      }
      if (objectAttributes.encryptedDuplication) {
        if (symmetricAlg.algorithm === 'null') refuseParameter(2, 'SYMMETRIC')
        if (toParent === undefined) refuseHandle(2, 'HIERARCHY')
      }
      const length = keyBytes(symmetricAlg)
      if (
        symmetricAlg.algorithm === 'null'
          ? encryptionKeyIn.length > 0
          : ![0, length].includes(encryptionKeyIn.length)
      ) {
        refuseParameter(1, 'SIZE')
      }
      const innerKey =
        encryptionKeyIn.length > 0 || length === 0 ? encryptionKeyIn : machine.random.bytes(length)
      const inner = wrapInner(
        object.publicArea,
        encode(tpm2bSensitive, plainAuth(object.sensitive)),
        innerKey,
      )
      const shared =
        toParent === undefined ? undefined : shareSecret(machine, toParent.publicArea, 'DUPLICATE')
      const duplicate =
        toParent === undefined || shared === undefined
          ? inner
          : wrap(protectionOf(toParent, shared.seed), object.name, inner)
      return {
        parameters: [
          encode(tpm2bData, encryptionKeyIn.length > 0 ? empty : innerKey),
          encode(tpm2bPrivate, duplicate),
          encode(tpm2bEncryptedSecret, shared?.encryptedSecret ?? empty),
        ],
      }
    },
  }),
  defineCommand('TPM2_Import', {
    handles: { parentHandle: { type: objectHandle, role: 'user' } },
    parameters: {
      encryptionKey: data,
      objectPublic: publicArea,
      duplicate: privateArea,
      inSymSeed: encryptedSecret,
      symmetricAlg: symDefObject,
    },
    encryptable: true,
    run(machine, { parentHandle, encryptionKey, objectPublic, duplicate, inSymSeed, symmetricAlg }) {
      const { fixedTPM, fixedParent, encryptedDuplication } = objectPublic.objectAttributes
      if (fixedTPM || fixedParent) refuseParameter(2, 'ATTRIBUTES')
      const parent = parentAt(machine, parentHandle)
      if (!isParent(parent) || parent.publicArea.type === 'keyedhash') refuseHandle(1, 'TYPE')
      const length = keyBytes(symmetricAlg)
      if (symmetricAlg.algorithm !== 'null') {
        if (encryptionKey.length !== length) refuseParameter(1, 'SIZE')
        if (encryptedDuplication && inSymSeed.length === 0) refuseParameter(4, 'VALUE')
      } else {
        if (encryptionKey.length !== 0) refuseParameter(1, 'SIZE')
        if (encryptedDuplication) refuseParameter(2, 'ATTRIBUTES')
      }
      const name = nameOf(objectPublic)
      const outer =
        inSymSeed.length === 0 ? duplicate : unwrapOuter(machine, parent, name, duplicate, inSymSeed)
      const sensitive = inParameter(3, () =>
        readSensitive(unwrapInner(objectPublic, outer, encryptionKey), objectPublic),
      )
      if (sensitive.seedValue.length > hashFacts(objectPublic.nameAlg as 'sha256').size)
        refuseParameter(3, 'KEY_SIZE')
      inParameter(2, () => checkAttributes(objectPublic, parent.publicArea))
      checkBinding(objectPublic, sensitive, { publicArea: 2, sensitive: 3 })
      return { parameters: [encode(tpm2bPrivate, sensitiveToPrivate(machine, parent, name, sensitive))] }
    },
  }),
]

function unwrapOuter(
  machine: Parameters<typeof openSecret>[0],
  parent: Parameters<typeof openSecret>[1],
  name: Uint8Array,
  duplicate: Uint8Array,
  seed: Uint8Array,
): Uint8Array {
  if (parent.publicArea.type !== 'rsa' && parent.publicArea.type !== 'ecc') return refuseHandle(1, 'TYPE')
  const secret = inParameter(4, () => openSecret(machine, parent, 'DUPLICATE', seed))
  return inParameter(3, () => unwrap(protectionOf(parent, secret), name, duplicate, false))
}
