import { encode, u32 as u32Codec } from '@trusthold/core/codec'
import {
  digestOf,
  permanentHandles,
  tpmlDigest,
  tpmlDigestValues,
  tpmlPcrSelection,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { hashValue, implementedHashes } from '../fields/algorithms.js'
import { buffer, list } from '../fields/field.js'
import { pcrHandle, pcrHandleOrNull } from '../fields/handles.js'
import { pcrSelections } from '../fields/statements.js'
import { existingSelection, extendPcr, requireExtendable, resetPcr, selectedValues } from '../machine/pcrs.js'

/** Values in one answer of TPM2_PCR_Read. */
const mostValues = 8

/** TPM2_PCR_*. Part 3, section 22. */
export const pcrCommands = [
  defineCommand('TPM2_PCR_Read', {
    handles: {},
    parameters: { pcrSelectionIn: pcrSelections },
    run(machine, { pcrSelectionIn }) {
      let left = mostValues
      const returned = existingSelection(machine, pcrSelectionIn).map((selection) => {
        const pcrs = selection.pcrs.slice(0, left)
        left -= pcrs.length
        return { ...selection, pcrs }
      })
      return {
        parameters: [
          encode(u32Codec, machine.volatile.pcrCounter),
          encode(tpmlPcrSelection, returned),
          encode(tpmlDigest, selectedValues(machine, returned)),
        ],
      }
    },
  }),
  defineCommand('TPM2_PCR_Extend', {
    handles: { pcrHandle: { type: pcrHandleOrNull, role: 'user' } },
    parameters: { digests: list(hashValue, implementedHashes.length) },
    nv: true,
    run(machine, { pcrHandle: pcr, digests }) {
      if (pcr === permanentHandles.null) return {}
      requireExtendable(machine, pcr)
      for (const { hashAlg, digest } of digests) extendPcr(machine, pcr, hashAlg, digest)
      return {}
    },
  }),
  defineCommand('TPM2_PCR_Event', {
    handles: { pcrHandle: { type: pcrHandleOrNull, role: 'user' } },
    parameters: { eventData: buffer(1024) },
    nv: true,
    run(machine, { pcrHandle: pcr, eventData }) {
      if (pcr !== permanentHandles.null) requireExtendable(machine, pcr)
      const digests = implementedHashes.map((hashAlg) => ({ hashAlg, digest: digestOf(hashAlg, eventData) }))
      if (pcr !== permanentHandles.null) {
        for (const { hashAlg, digest } of digests) extendPcr(machine, pcr, hashAlg, digest)
      }
      return { parameters: [encode(tpmlDigestValues, digests)] }
    },
  }),
  defineCommand('TPM2_PCR_Reset', {
    handles: { pcrHandle: { type: pcrHandle, role: 'user' } },
    parameters: {},
    nv: true,
    run(machine, { pcrHandle: pcr }) {
      resetPcr(machine, pcr)
      return {}
    },
  }),
]
