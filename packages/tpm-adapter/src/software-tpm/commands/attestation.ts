import { constantTimeEqual } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  digestOf,
  handleName,
  kdfa,
  permanentHandles,
  type TpmsAttest,
  type TpmtSigScheme,
  tpm2bAttest,
  tpmGeneratedValue,
  tpmsAttest,
  tpmtSignature,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import type { Hash } from '../fields/algorithms.js'
import { u16 } from '../fields/field.js'
import {
  endorsementHandle,
  nvAuthHandle,
  nvIndexHandle,
  objectHandle,
  objectHandleOrNull,
} from '../fields/handles.js'
import { data, digest } from '../fields/public-area.js'
import { signatureScheme } from '../fields/schemes.js'
import { creationTicket as creationTicketField, pcrSelections } from '../fields/statements.js'
import { clockInfo, timeInfo } from '../machine/clock.js'
import { hierarchySecrets } from '../machine/hierarchies.js'
import { firmwareVersion } from '../machine/identity.js'
import type { Machine } from '../machine/machine.js'
import { nvIndexOf, nvLimits, nvName } from '../machine/nv.js'
import { checkNvRead } from '../machine/nv-access.js'
import { entryAt, type KeyObjectEntry, objectAt } from '../machine/objects.js'
import { existingSelection, selectedDigest } from '../machine/pcrs.js'
import { type ChosenScheme, chooseScheme, signDigest } from '../machine/signatures.js'
import { creationTicket, integrityHash } from '../machine/tickets.js'
import { refuse, refuseHandle, refuseParameter } from '../response-codes.js'

const { null: none, endorsement, platform } = permanentHandles

/** Who signs, and how; nobody when the handle is that of nothing. */
interface Signer {
  readonly key: KeyObjectEntry | undefined
  readonly scheme: ChosenScheme
}

/** The signer, which has to be a signing key with a scheme. */
function signerOf(
  machine: Machine,
  handle: number,
  given: TpmtSigScheme,
  at: { readonly handle: number; readonly scheme: number },
): Signer {
  if (handle === none) return { key: undefined, scheme: { scheme: 'null' } }
  const key = entryAt(machine, handle)
  if (key?.kind !== 'object' || !key.publicArea.objectAttributes.sign) return refuseHandle(at.handle, 'KEY')
  return { key, scheme: chooseScheme(key, given) ?? refuseParameter(at.scheme, 'SCHEME') }
}

type Head = Pick<TpmsAttest, 'clockInfo' | 'firmwareVersion' | 'qualifiedSigner'>

/**
 * Clock and version as the signer may tell them: hidden behind an offset for keys of the owner, so that two of them
 * cannot be told to be of the same TPM. Part 1, section 36.7.
 */
function headOf(machine: Machine, { key }: Signer): Head {
  const head = {
    qualifiedSigner: key?.qualifiedName ?? handleName(none),
    clockInfo: clockInfo(machine),
    firmwareVersion,
  }
  if (key?.hierarchy === endorsement || key?.hierarchy === platform) return head
  const { proof } = hierarchySecrets(machine, 'owner')
  const offset = kdfa(integrityHash, proof, 'OBFUSCATE', head.qualifiedSigner, new Uint8Array(), 128)
  const view = new DataView(offset.buffer, offset.byteOffset)
  const { resetCount, restartCount } = head.clockInfo
  return {
    ...head,
    firmwareVersion: BigInt.asUintN(64, firmwareVersion + view.getBigUint64(0)),
    clockInfo: {
      ...head.clockInfo,
      resetCount: (resetCount + view.getUint32(8)) >>> 0,
      restartCount: (restartCount + view.getUint32(12)) >>> 0,
    },
  }
}

type Statement = TpmsAttest extends infer A
  ? A extends { readonly type: infer T; readonly attested: infer B }
    ? { readonly type: T; readonly attested: B }
    : never
  : never

/** TPM2B_ATTEST and TPMT_SIGNATURE. */
function attest(
  machine: Machine,
  signer: Signer,
  extraData: Uint8Array,
  state: (head: Head) => Statement,
): { readonly parameters: readonly Uint8Array[] } {
  const head = headOf(machine, signer)
  const statement = { magic: tpmGeneratedValue, extraData, ...head, ...state(head) } as TpmsAttest
  const message = encode(tpmsAttest, statement)
  const { key, scheme } = signer
  const signature =
    key === undefined || !('hashAlg' in scheme)
      ? ({ sigAlg: 'null' } as const)
      : signDigest(machine, key, scheme, digestOf(scheme.hashAlg, message))
  return { parameters: [encode(tpm2bAttest, message), encode(tpmtSignature, signature)] }
}

/** Statements of the TPM. Part 3, sections 18 and 31.16. */
export const attestationCommands = [
  defineCommand('TPM2_Certify', {
    handles: {
      objectHandle: { type: objectHandle, role: 'admin' },
      signHandle: { type: objectHandleOrNull, role: 'user' },
    },
    parameters: { qualifyingData: data, inScheme: signatureScheme },
    encryptable: true,
    run(machine, { objectHandle: handle, signHandle, qualifyingData, inScheme }) {
      const signer = signerOf(machine, signHandle, inScheme, { handle: 2, scheme: 2 })
      const { name, qualifiedName } = objectAt(machine, handle, 1)
      return attest(machine, signer, qualifyingData, () => ({
        type: 'certify',
        attested: { name, qualifiedName },
      }))
    },
  }),
  defineCommand('TPM2_CertifyCreation', {
    handles: {
      signHandle: { type: objectHandleOrNull, role: 'user' },
      objectHandle: { type: objectHandle },
    },
    parameters: {
      qualifyingData: data,
      creationHash: digest,
      inScheme: signatureScheme,
      creationTicket: creationTicketField,
    },
    encryptable: true,
    run(
      machine,
      { signHandle, objectHandle: handle, qualifyingData, creationHash, inScheme, creationTicket: ticket },
    ) {
      const signer = signerOf(machine, signHandle, inScheme, { handle: 1, scheme: 3 })
      const { name: objectName } = objectAt(machine, handle, 2)
      const hierarchy = ticket.hierarchy === 'null' ? none : permanentHandles[ticket.hierarchy as 'owner']
      const expected = creationTicket(machine, hierarchy, objectName, creationHash)
      if (!constantTimeEqual(expected.digest, ticket.digest)) refuseParameter(4, 'TICKET')
      const attested = { objectName, creationHash }
      return attest(machine, signer, qualifyingData, () => ({ type: 'creation', attested }))
    },
  }),
  defineCommand('TPM2_Quote', {
    handles: { signHandle: { type: objectHandleOrNull, role: 'user' } },
    parameters: { qualifyingData: data, inScheme: signatureScheme, PCRselect: pcrSelections },
    encryptable: true,
    run(machine, { signHandle, qualifyingData, inScheme, PCRselect }) {
      const signer = signerOf(machine, signHandle, inScheme, { handle: 1, scheme: 2 })
      // Its hash is that of the PCRs, so there is no quote without a scheme, though there are statements without.
      const hash = 'hashAlg' in signer.scheme ? signer.scheme.hashAlg : refuseParameter(2, 'SCHEME')
      const pcrDigest = selectedDigest(machine, hash as Hash, PCRselect)
      const attested = { pcrSelect: existingSelection(machine, PCRselect), pcrDigest }
      return attest(machine, signer, qualifyingData, () => ({ type: 'quote', attested }))
    },
  }),
  defineCommand('TPM2_GetTime', {
    handles: {
      privacyAdminHandle: { type: endorsementHandle, role: 'user' },
      signHandle: { type: objectHandleOrNull, role: 'user' },
    },
    parameters: { qualifyingData: data, inScheme: signatureScheme },
    encryptable: true,
    run(machine, { signHandle, qualifyingData, inScheme }) {
      const signer = signerOf(machine, signHandle, inScheme, { handle: 2, scheme: 2 })
      const { time } = timeInfo(machine)
      return attest(machine, signer, qualifyingData, ({ clockInfo: shown, firmwareVersion: version }) => ({
        type: 'time',
        attested: { time: { time, clockInfo: shown }, firmwareVersion: version },
      }))
    },
  }),
  defineCommand('TPM2_NV_Certify', {
    handles: {
      signHandle: { type: objectHandleOrNull, role: 'user' },
      authHandle: { type: nvAuthHandle, role: 'user' },
      nvIndex: { type: nvIndexHandle },
    },
    parameters: { qualifyingData: data, inScheme: signatureScheme, size: u16, offset: u16 },
    encryptable: true,
    run(machine, { signHandle, authHandle, nvIndex, qualifyingData, inScheme, size, offset }) {
      const signer = signerOf(machine, signHandle, inScheme, { handle: 1, scheme: 2 })
      const index = nvIndexOf(machine, nvIndex)
      checkNvRead(index, authHandle)
      if (size + offset > index.data.length) refuse('NV_RANGE')
      if (size > nvLimits.buffer) refuseParameter(3, 'VALUE')
      const indexName = nvName(index)
      const whole = size === 0 && offset === 0 && 'hashAlg' in signer.scheme
      const nvContents = index.data.slice(offset, offset + size)
      const nvDigest =
        whole && 'hashAlg' in signer.scheme ? digestOf(signer.scheme.hashAlg, index.data) : nvContents
      return attest(machine, signer, qualifyingData, () =>
        whole
          ? { type: 'nvDigest', attested: { indexName, nvDigest } }
          : { type: 'nv', attested: { indexName, offset, nvContents } },
      )
    },
  }),
]
