import { concatBytes } from '@trusthold/core/bytes'
import { encode, u64 as u64Codec } from '@trusthold/core/codec'
import {
  digestOf,
  hashFacts,
  permanentHandles,
  type TpmaNv,
  type TpmsNvPublic,
  tpm2bMaxNvBuffer,
  tpm2bName,
  tpm2bNvPublic,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { buffer, u16 } from '../fields/field.js'
import { nvAuthHandle, nvIndexHandle, provisionHandle } from '../fields/handles.js'
import { auth } from '../fields/public-area.js'
import { nvPublic } from '../fields/statements.js'
import { withoutTrailingZeros } from '../machine/digests.js'
import type { Machine } from '../machine/machine.js'
import {
  counterValue,
  nvIndexAt,
  nvIndexOf,
  nvLimits,
  nvName,
  nvUsed,
  removeNvIndex,
  setNvAttributes,
} from '../machine/nv.js'
import { checkNvRead, checkNvWrite } from '../machine/nv-access.js'
import type { NvIndex } from '../machine/stored-state.js'
import { inParameter, refuse, refuseHandle, refuseParameter } from '../response-codes.js'

const { owner, platform } = permanentHandles

/** Sizes that types of index have to have. Part 3, section 31.3. */
function checkSize({ attributes, dataSize, nameAlg }: TpmsNvPublic): void {
  const { nt } = attributes
  const fixed = nt === 'extend' ? hashFacts(nameAlg).size : nt === 'ordinary' ? undefined : 8
  if (fixed === undefined ? dataSize > nvLimits.index : dataSize !== fixed) refuseParameter(2, 'SIZE')
}

/** Whether an index of these attributes can be read and written by anyone, and may be made at all. Part 3, 31.3. */
function contradicts(attributes: TpmaNv, authHandle: number): boolean {
  const { nt, written, writeLocked, readLocked, clearStClear, policyDelete, noDA } = attributes
  const { ppRead, ownerRead, authRead, policyRead, ppWrite, ownerWrite, authWrite, policyWrite } = attributes
  const pin = nt === 'pinFail' || nt === 'pinPass'
  const faults = [
    [written, writeLocked, readLocked].includes(true),
    ![ppRead, ownerRead, authRead, policyRead].includes(true),
    ![ppWrite, ownerWrite, authWrite, policyWrite].includes(true),
    clearStClear && nt === 'counter',
    policyDelete && authHandle !== platform,
    nt === 'pinFail' && !noDA,
    pin && [authWrite, attributes.globalLock, attributes.writeDefine].includes(true),
  ]
  return faults.includes(true)
}

function checkDefinedAttributes(attributes: TpmaNv, authHandle: number): void {
  if (contradicts(attributes, authHandle)) refuseParameter(2, 'ATTRIBUTES')
  if (attributes.platformCreate !== (authHandle === platform)) refuseHandle(1, 'ATTRIBUTES')
}

/** PIN indices count how often they authorised, which nothing here does. */
const supportedTypes: readonly TpmaNv['nt'][] = ['ordinary', 'counter', 'bits', 'extend']

function define(machine: Machine, authHandle: number, authValue: Uint8Array, publicArea: TpmsNvPublic): void {
  const { attributes, nameAlg, authPolicy, dataSize } = publicArea
  const { size } = hashFacts(nameAlg)
  if (authPolicy.length !== 0 && authPolicy.length !== size) refuseParameter(2, 'SIZE')
  if (withoutTrailingZeros(authValue).length > size) refuseParameter(1, 'SIZE')
  checkSize(publicArea)
  checkDefinedAttributes(attributes, authHandle)
  if (!supportedTypes.includes(attributes.nt)) refuseParameter(2, 'ATTRIBUTES')
  if (nvIndexAt(machine, publicArea.nvIndex) !== undefined) refuse('NV_DEFINED')
  if (nvUsed(machine) + dataSize > nvLimits.total) refuse('NV_SPACE')
  machine.stored.nv.push({ publicArea, auth: authValue, data: new Uint8Array(dataSize).fill(0xff) })
  machine.save()
}

function store(machine: Machine, index: NvIndex, data: Uint8Array): void {
  index.data = data
  setNvAttributes(machine, index, { written: true })
}

const writing = {
  authHandle: { type: nvAuthHandle, role: 'user' },
  nvIndex: { type: nvIndexHandle },
} as const

const definitionCommands = [
  defineCommand('TPM2_NV_DefineSpace', {
    handles: { authHandle: { type: provisionHandle, role: 'user' } },
    parameters: { auth, publicInfo: nvPublic },
    nv: true,
    run(machine, { authHandle, auth: authValue, publicInfo }) {
      define(machine, authHandle, authValue, publicInfo)
      return {}
    },
  }),
  defineCommand('TPM2_NV_UndefineSpace', {
    handles: { authHandle: { type: provisionHandle, role: 'user' }, nvIndex: { type: nvIndexHandle } },
    parameters: {},
    nv: true,
    run(machine, { authHandle, nvIndex }) {
      const index = nvIndexOf(machine, nvIndex)
      const { policyDelete, platformCreate } = index.publicArea.attributes
      if (policyDelete) refuseHandle(2, 'ATTRIBUTES')
      if (authHandle === owner && platformCreate) refuse('NV_AUTHORIZATION')
      removeNvIndex(machine, index)
      return {}
    },
  }),
  defineCommand('TPM2_NV_ReadPublic', {
    handles: { nvIndex: { type: nvIndexHandle } },
    parameters: {},
    encryptable: true,
    run(machine, { nvIndex }) {
      const index = nvIndexOf(machine, nvIndex)
      return { parameters: [encode(tpm2bNvPublic, index.publicArea), encode(tpm2bName, nvName(index))] }
    },
  }),
]

const writeCommands = [
  defineCommand('TPM2_NV_Write', {
    handles: writing,
    parameters: { data: buffer(nvLimits.buffer), offset: u16 },
    nv: true,
    run(machine, { authHandle, nvIndex, data, offset }) {
      const index = nvIndexOf(machine, nvIndex)
      checkNvWrite(index, authHandle)
      const { attributes, dataSize } = index.publicArea
      if (attributes.nt !== 'ordinary') refuse('ATTRIBUTES')
      if (offset > dataSize) refuseParameter(2, 'VALUE')
      if (offset + data.length > dataSize) refuse('NV_RANGE')
      if (attributes.writeAll && data.length < dataSize) refuse('NV_RANGE')
      const content = Uint8Array.from(index.data)
      content.set(data, offset)
      store(machine, index, content)
      return {}
    },
  }),
  defineCommand('TPM2_NV_Increment', {
    handles: writing,
    parameters: {},
    nv: true,
    run(machine, { authHandle, nvIndex }) {
      const index = nvIndexOf(machine, nvIndex)
      checkNvWrite(index, authHandle)
      const { nt, written } = index.publicArea.attributes
      if (nt !== 'counter') refuseHandle(2, 'ATTRIBUTES')
      const before = written ? counterValue(index) : machine.stored.maxCounter
      store(machine, index, encode(u64Codec, BigInt.asUintN(64, before + 1n)))
      return {}
    },
  }),
  defineCommand('TPM2_NV_Extend', {
    handles: writing,
    parameters: { data: buffer(nvLimits.buffer) },
    nv: true,
    run(machine, { authHandle, nvIndex, data }) {
      const index = nvIndexOf(machine, nvIndex)
      checkNvWrite(index, authHandle)
      const { nameAlg, attributes } = index.publicArea
      if (attributes.nt !== 'extend') refuseHandle(2, 'ATTRIBUTES')
      const before = attributes.written ? index.data : new Uint8Array(hashFacts(nameAlg).size)
      store(machine, index, digestOf(nameAlg, concatBytes(before, data)))
      return {}
    },
  }),
  defineCommand('TPM2_NV_WriteLock', {
    handles: writing,
    parameters: {},
    nv: true,
    run(machine, { authHandle, nvIndex }) {
      const index = nvIndexOf(machine, nvIndex)
      try {
        checkNvWrite(index, authHandle)
      } catch (error) {
        if (index.publicArea.attributes.writeLocked) return {}
        throw error
      }
      const { writeDefine, writeStClear } = index.publicArea.attributes
      if (!writeDefine && !writeStClear) refuseHandle(2, 'ATTRIBUTES')
      setNvAttributes(machine, index, { writeLocked: true })
      return {}
    },
  }),
]

const readCommands = [
  defineCommand('TPM2_NV_Read', {
    handles: writing,
    parameters: { size: u16, offset: u16 },
    encryptable: true,
    run(machine, { authHandle, nvIndex, size, offset }) {
      const index = nvIndexOf(machine, nvIndex)
      checkNvRead(index, authHandle)
      if (size > nvLimits.buffer) refuseParameter(1, 'VALUE')
      const { length } = index.data
      if (offset > length) refuseParameter(2, 'VALUE')
      if (offset + size > length) refuse('NV_RANGE')
      return { parameters: [encode(tpm2bMaxNvBuffer, index.data.slice(offset, offset + size))] }
    },
  }),
  defineCommand('TPM2_NV_ReadLock', {
    handles: writing,
    parameters: {},
    nv: true,
    run(machine, { authHandle, nvIndex }) {
      const index = nvIndexOf(machine, nvIndex)
      if (!index.publicArea.attributes.readLocked) {
        const attributes = { ...index.publicArea.attributes, written: true }
        checkNvRead({ ...index, publicArea: { ...index.publicArea, attributes } }, authHandle)
        if (!attributes.readStClear) refuseHandle(2, 'ATTRIBUTES')
        setNvAttributes(machine, index, { readLocked: true })
      }
      return {}
    },
  }),
  defineCommand('TPM2_NV_ChangeAuth', {
    handles: { nvIndex: { type: nvIndexHandle, role: 'admin' } },
    parameters: { newAuth: auth },
    nv: true,
    run(machine, { nvIndex, newAuth }) {
      const index = nvIndexOf(machine, nvIndex)
      const { size } = hashFacts(index.publicArea.nameAlg)
      inParameter(1, () => (withoutTrailingZeros(newAuth).length > size ? refuse('SIZE') : undefined))
      index.auth = newAuth
      machine.save()
      return {}
    },
  }),
]

/** NV memory. Part 3, section 31. */
export const nvCommands = [...definitionCommands, ...writeCommands, ...readCommands]
