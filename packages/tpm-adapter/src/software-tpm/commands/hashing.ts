import { constantTimeEqual } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  hashFacts,
  permanentHandles,
  tpm2bDigest,
  tpmGeneratedValue,
  tpmlDigestValues,
  tpmtSignature,
  tpmtTkHashcheck,
  tpmtTkVerified,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import {
  algorithm,
  algorithmId,
  type Hash,
  hashAlgorithm,
  hashAlgorithmOrNull,
  implementedHashes,
} from '../fields/algorithms.js'
import { buffer } from '../fields/field.js'
import { hierarchyHandle, objectHandle, pcrHandleOrNull } from '../fields/handles.js'
import { auth, digest } from '../fields/public-area.js'
import { signatureScheme } from '../fields/schemes.js'
import { hashCheckTicket as hashCheckTicketField, signature } from '../fields/statements.js'
import { digestOfParts, hmac } from '../machine/digests.js'
import type { Machine } from '../machine/machine.js'
import { entryAt, loadEntry, requireFreeSlot, type SequenceEntry } from '../machine/objects.js'
import { extendPcr, requireExtendable } from '../machine/pcrs.js'
import { chooseScheme, signDigest, verifyDigest } from '../machine/signatures.js'
import { hashCheckDigest, hashCheckTicket, verifiedTicket } from '../machine/tickets.js'
import { failure, inParameter, refuse, refuseHandle, refuseParameter } from '../response-codes.js'

/** TPM2B_MAX_BUFFER. */
const maxBuffer = buffer(1024)
/** TPMI_ALG_MAC_SCHEME+: as the hash of an HMAC only, as there are no block ciphers' MACs. Part 2, section 9.36. */
const macScheme = algorithm([...implementedHashes, 'null'], 'SYMMETRIC')
/** What sequences may hold altogether, so that nobody fills memory. */
const mostSequenceBytes = 16 * 1024 * 1024
const { null: none } = permanentHandles

/** Whether a message poses as one of the TPM's own statements: restricted keys shall not sign it. */
function posesAsOwn(parts: readonly Uint8Array[]): boolean {
  const start = Buffer.concat(parts.map((part) => part.subarray(0, 4)))
  const all = start.length >= 4 ? Buffer.concat(parts).subarray(0, 4) : start
  return all.length === 4 && all.readUInt32BE() === tpmGeneratedValue
}

/** A digest and a ticket that says that the TPM made it. */
function digestAndTicket(
  machine: Machine,
  hash: Hash,
  hierarchy: number,
  parts: readonly Uint8Array[],
): readonly Uint8Array[] {
  const outHash = digestOfParts(hash, parts)
  const ticketHierarchy = posesAsOwn(parts) ? none : hierarchy
  const ticket = hashCheckTicket(machine, ticketHierarchy, algorithmId(hash), outHash)
  return [encode(tpm2bDigest, outHash), encode(tpmtTkHashcheck, ticket)]
}

function sequenceAt(machine: Machine, handle: number, position: number): SequenceEntry {
  const entry = entryAt(machine, handle)
  return entry?.kind === 'sequence' ? entry : failMode(position)
}

function failMode(position: number): never {
  return refuseHandle(position, 'MODE')
}

function feed(entry: SequenceEntry, data: Uint8Array): void {
  const held = entry.parts.reduce((sum, part) => sum + part.length, 0)
  if (held + data.length > mostSequenceBytes) throw failure('MEMORY')
  if (data.length > 0) entry.parts.push(data)
}

const sequenceCommands = [
  defineCommand('TPM2_HashSequenceStart', {
    handles: {},
    parameters: { auth, hashAlg: hashAlgorithmOrNull },
    returnsHandle: true,
    run(machine, { auth: authValue, hashAlg }) {
      requireFreeSlot(machine)
      const hash = hashAlg === 'null' ? 'event' : hashAlg
      return { handle: loadEntry(machine, { kind: 'sequence', hash, auth: authValue, parts: [] }) }
    },
  }),
  defineCommand('TPM2_SequenceUpdate', {
    handles: { sequenceHandle: { type: objectHandle, role: 'user' } },
    parameters: { buffer: maxBuffer },
    run(machine, { sequenceHandle, buffer: bytes }) {
      feed(sequenceAt(machine, sequenceHandle, 1), bytes)
      return {}
    },
  }),
  defineCommand('TPM2_SequenceComplete', {
    handles: { sequenceHandle: { type: objectHandle, role: 'user' } },
    parameters: { buffer: maxBuffer, hierarchy: hierarchyHandle },
    flushed: true,
    encryptable: true,
    run(machine, { sequenceHandle, buffer: bytes, hierarchy }) {
      const sequence = sequenceAt(machine, sequenceHandle, 1)
      if (sequence.hash === 'event') return failMode(1)
      feed(sequence, bytes)
      const parameters = digestAndTicket(machine, sequence.hash, hierarchy, sequence.parts)
      return { parameters, flushes: sequenceHandle }
    },
  }),
  defineCommand('TPM2_EventSequenceComplete', {
    handles: {
      pcrHandle: { type: pcrHandleOrNull, role: 'user' },
      sequenceHandle: { type: objectHandle, role: 'user' },
    },
    parameters: { buffer: maxBuffer },
    nv: true,
    flushed: true,
    run(machine, { pcrHandle, sequenceHandle, buffer: bytes }) {
      const sequence = sequenceAt(machine, sequenceHandle, 2)
      if (sequence.hash !== 'event') failMode(2)
      if (pcrHandle !== none) requireExtendable(machine, pcrHandle)
      feed(sequence, bytes)
      const digests = implementedHashes.map((hashAlg) => ({
        hashAlg,
        digest: digestOfParts(hashAlg, sequence.parts),
      }))
      if (pcrHandle !== none) {
        for (const { hashAlg, digest: value } of digests) extendPcr(machine, pcrHandle, hashAlg, value)
      }
      return { parameters: [encode(tpmlDigestValues, digests)], flushes: sequenceHandle }
    },
  }),
]

const digestCommands = [
  defineCommand('TPM2_Hash', {
    handles: {},
    parameters: { data: maxBuffer, hashAlg: hashAlgorithm, hierarchy: hierarchyHandle },
    encryptable: true,
    run: (machine, { data, hashAlg, hierarchy }) => ({
      parameters: digestAndTicket(machine, hashAlg, hierarchy, [data]),
    }),
  }),
  defineCommand('TPM2_HMAC', {
    handles: { handle: { type: objectHandle, role: 'user' } },
    parameters: { buffer: maxBuffer, hashAlg: macScheme },
    encryptable: true,
    run(machine, { handle, buffer: bytes, hashAlg }) {
      const entry = entryAt(machine, handle)
      if (entry?.kind !== 'object' || entry.publicArea.type !== 'keyedhash') return refuseHandle(1, 'TYPE')
      const { restricted, sign } = entry.publicArea.objectAttributes
      if (restricted) refuseHandle(1, 'ATTRIBUTES')
      if (!sign) refuseHandle(1, 'KEY')
      const { scheme } = entry.publicArea.parameters
      const own = 'hashAlg' in scheme ? scheme.hashAlg : 'null'
      if (own !== 'null' && hashAlg !== 'null' && own !== hashAlg) refuseParameter(2, 'VALUE')
      const hash = own === 'null' ? hashAlg : own
      if (hash === 'null') return refuseParameter(2, 'VALUE')
      return {
        parameters: [encode(tpm2bDigest, hmac(hash, entry.sensitive?.sensitive ?? refuse('KEY'), bytes))],
      }
    },
  }),
]

const signatureCommands = [
  defineCommand('TPM2_Sign', {
    handles: { keyHandle: { type: objectHandle, role: 'user' } },
    parameters: { digest, inScheme: signatureScheme, validation: hashCheckTicketField },
    run(machine, { keyHandle, digest: value, inScheme, validation }) {
      const key = entryAt(machine, keyHandle)
      if (key?.kind !== 'object' || !key.publicArea.objectAttributes.sign) return refuseHandle(1, 'KEY')
      if (key.publicArea.objectAttributes.x509sign) refuseHandle(1, 'ATTRIBUTES')
      const chosen = chooseScheme(key, inScheme)
      if (chosen === undefined || !('hashAlg' in chosen)) return refuseParameter(2, 'SCHEME')
      if (validation.digest.length > 0 || key.publicArea.objectAttributes.restricted) {
        const expected = hashCheckDigest(machine, validation.hierarchy, algorithmId(chosen.hashAlg), value)
        if (!constantTimeEqual(expected, validation.digest)) refuseParameter(3, 'TICKET')
      } else if (value.length !== hashFacts(chosen.hashAlg).size) refuseParameter(1, 'SIZE')
      const signed = inParameter(2, () => signDigest(machine, key, chosen, value))
      return { parameters: [encode(tpmtSignature, signed)] }
    },
  }),
  defineCommand('TPM2_VerifySignature', {
    handles: { keyHandle: { type: objectHandle } },
    parameters: { digest, signature },
    run(machine, { keyHandle, digest: value, signature: given }) {
      const key = entryAt(machine, keyHandle)
      if (key?.kind !== 'object' || !key.publicArea.objectAttributes.sign)
        return refuseHandle(1, 'ATTRIBUTES')
      if (!inParameter(2, () => verifyDigest(key, given, value))) refuseParameter(2, 'SIGNATURE')
      const hierarchy = key.publicArea.nameAlg === 'null' ? none : key.hierarchy
      return { parameters: [encode(tpmtTkVerified, verifiedTicket(machine, hierarchy, value, key.name))] }
    },
  }),
]

/** Hashes, sequences, HMACs and signatures. Part 3, sections 15, 17 and 20. */
export const hashingCommands = [...sequenceCommands, ...digestCommands, ...signatureCommands]
