import { concatBytes, constantTimeEqual, equalBytes } from '@trusthold/core/bytes'
import { encode, u32 as u32Codec, u64 as u64Codec } from '@trusthold/core/codec'
import {
  type CommandName,
  commandCodes,
  digestOf,
  hashFacts,
  permanentHandles,
  tpm2bDigest,
  tpmlPcrSelection,
  tpmtTkAuth,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { algorithmId, implementedHashes } from '../fields/algorithms.js'
import { list, u8, u32, yesNo } from '../fields/field.js'
import { entityHandle, handleRanges, isIn, policyHandle } from '../fields/handles.js'
import { digest, name } from '../fields/public-area.js'
import { pcrSelections, verifiedTicket as verifiedTicketField } from '../fields/statements.js'
import { entityName } from '../machine/entities.js'
import { hierarchyOf } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { entryAt } from '../machine/objects.js'
import { existingSelection, selectedDigest } from '../machine/pcrs.js'
import { type PolicyState, type Session, sessionAt } from '../machine/sessions.js'
import { authTicketDigest, verifiedTicket } from '../machine/tickets.js'
import { refuse, refuseParameter } from '../response-codes.js'

const empty = new Uint8Array()

function policyAt(machine: Machine, handle: number): Session {
  return sessionAt(machine, handle) ?? refuse('HANDLE')
}

/** `H(digest || command code || arguments)`. Part 1, section 19.7. */
function extend({ policy, hash }: Session, command: CommandName, ...args: readonly Uint8Array[]): void {
  policy.digest = digestOf(hash, concatBytes(policy.digest, encode(u32Codec, commandCodes[command]), ...args))
}

/** PolicyUpdate(). Part 3, section 23.2.3. */
function extendByEntity(
  session: Session,
  command: CommandName,
  entity: Uint8Array,
  policyRef: Uint8Array,
): void {
  extend(session, command, entity)
  session.policy.digest = digestOf(session.hash, concatBytes(session.policy.digest, policyRef))
}

/** Until when an authorisation is good, in the TPM's milliseconds. Part 3, section 23.2.4. */
function timeoutOf(session: Session, expiration: number, nonce: Uint8Array): bigint | undefined {
  if (expiration === 0) return undefined
  // With the session's nonce from its start, else from that of the TPM.
  const start = nonce.length === 0 ? 0n : session.started
  return start + BigInt(Math.abs(expiration)) * 1000n
}

/** Numbers of the parameters to blame. */
interface SecretBlame {
  readonly nonce: number
  readonly cpHash: number
  readonly expiration: number
}

function checkAssertion(
  machine: Machine,
  { policy, nonceTpm }: Session,
  timeout: bigint | undefined,
  given: { readonly nonce: Uint8Array; readonly cpHash: Uint8Array },
  at: SecretBlame,
): void {
  if (given.nonce.length > 0 && !equalBytes(given.nonce, nonceTpm)) refuseParameter(at.nonce, 'NONCE')
  if (timeout !== undefined && timeout < machine.volatile.time) refuseParameter(at.expiration, 'EXPIRED')
  if (given.cpHash.length === 0) return
  if (given.cpHash.length !== policy.digest.length) refuseParameter(at.cpHash, 'SIZE')
  if (policy.bound !== undefined && !equalBytes(policy.bound.digest, given.cpHash)) refuse('CPHASH')
}

function setTimeoutOf(policy: PolicyState, timeout: bigint | undefined): void {
  if (timeout === undefined) return
  if (policy.expires === undefined || timeout < policy.expires) policy.expires = timeout
}

function hierarchyOfEntity(machine: Machine, handle: number): number {
  const entry = entryAt(machine, handle)
  if (entry?.kind === 'object') return entry.hierarchy
  if (isIn(handleRanges.nvIndex, handle)) return permanentHandles.owner
  return handle === permanentHandles.lockout ? permanentHandles.owner : handle
}

const session = { policySession: { type: policyHandle } } as const

/** How the object's own password has to be given; both have one digest, so that a policy allows either. */
function valuePolicy(
  command: 'TPM2_PolicyAuthValue' | 'TPM2_PolicyPassword',
  needed: Pick<PolicyState, 'authValueNeeded' | 'passwordNeeded'>,
) {
  return defineCommand(command, {
    handles: session,
    parameters: {},
    run(machine, { policySession }) {
      const policy = policyAt(machine, policySession)
      extend(policy, 'TPM2_PolicyAuthValue')
      Object.assign(policy.policy, needed)
      return {}
    },
  })
}

/** Binds the session to a digest of what the command is about; it can be bound to one only, and in one way only. */
function bindingPolicy(
  command: 'TPM2_PolicyCpHash' | 'TPM2_PolicyNameHash' | 'TPM2_PolicyTemplate',
  kind: NonNullable<PolicyState['bound']>['kind'],
  { once = false, differs = () => refuse('CPHASH') }: { once?: boolean; differs?: () => never } = {},
) {
  return defineCommand(command, {
    handles: session,
    parameters: { value: digest },
    run(machine, { policySession, value }) {
      const at = policyAt(machine, policySession)
      const { bound } = at.policy
      if (value.length !== hashFacts(at.hash).size) refuseParameter(1, 'SIZE')
      if (bound !== undefined && (bound.kind !== kind || once)) refuse('CPHASH')
      if (bound !== undefined && !equalBytes(bound.digest, value)) differs()
      at.policy.bound = { kind, digest: value }
      extend(at, command, value)
      return {}
    },
  })
}

const secretCommands = [
  defineCommand('TPM2_PolicySecret', {
    handles: { authHandle: { type: entityHandle, role: 'user' }, ...session },
    parameters: { nonceTPM: digest, cpHashA: digest, policyRef: digest, expiration: u32 },
    encryptable: true,
    run(machine, { authHandle, policySession, nonceTPM, cpHashA, policyRef, expiration: unsigned }) {
      const policy = policyAt(machine, policySession)
      const expiration = unsigned | 0
      const timeout = timeoutOf(policy, expiration, nonceTPM)
      if (policy.kind !== 'trial') {
        const given = { nonce: nonceTPM, cpHash: cpHashA }
        checkAssertion(machine, policy, timeout, given, { nonce: 1, cpHash: 2, expiration: 4 })
      }
      const entity = entityName(machine, authHandle)
      extendByEntity(policy, 'TPM2_PolicySecret', entity, policyRef)
      if (cpHashA.length > 0) policy.policy.bound = { kind: 'cpHash', digest: cpHashA }
      if (policy.kind !== 'trial') setTimeoutOf(policy.policy, timeout)
      if (expiration >= 0 || timeout === undefined || policy.kind === 'trial') {
        const ticket = { tag: 'authSecret', hierarchy: 'null', digest: empty } as const
        return { parameters: [encode(tpm2bDigest, empty), encode(tpmtTkAuth, ticket)] }
      }
      const hierarchy = hierarchyOf(hierarchyOfEntity(machine, authHandle))
      const time = encode(u64Codec, timeout)
      const signed = authTicketDigest(machine, 0x8023, hierarchy, time, cpHashA, policyRef, entity)
      const ticket = { tag: 'authSecret', hierarchy, digest: signed } as const
      return { parameters: [encode(tpm2bDigest, time), encode(tpmtTkAuth, ticket)] }
    },
  }),
  defineCommand('TPM2_PolicyAuthorize', {
    handles: session,
    parameters: {
      approvedPolicy: digest,
      policyRef: digest,
      keySign: name,
      checkTicket: verifiedTicketField,
    },
    run(machine, { policySession, approvedPolicy, policyRef, keySign, checkTicket }) {
      const policy = policyAt(machine, policySession)
      const nameAlg = implementedHashes.find(
        (hash) => algorithmId(hash) === ((keySign[0] ?? 0) << 8) + (keySign[1] ?? 0),
      )
      if (nameAlg === undefined) return refuseParameter(3, 'HASH')
      if (keySign.length !== hashFacts(nameAlg).size + 2) refuseParameter(3, 'SIZE')
      if (policy.kind !== 'trial') {
        if (!equalBytes(policy.policy.digest, approvedPolicy)) refuseParameter(1, 'VALUE')
        const approved = digestOf(nameAlg, concatBytes(approvedPolicy, policyRef))
        const { hierarchy } = checkTicket
        const handle = typeof hierarchy === 'number' ? hierarchy : permanentHandles[hierarchy]
        const expected = verifiedTicket(machine, handle, approved, keySign)
        const same = expected.digest.length > 0 && constantTimeEqual(expected.digest, checkTicket.digest)
        if (!same) refuseParameter(4, 'VALUE')
      }
      policy.policy.digest = new Uint8Array(hashFacts(policy.hash).size)
      extendByEntity(policy, 'TPM2_PolicyAuthorize', keySign, policyRef)
      return {}
    },
  }),
  valuePolicy('TPM2_PolicyAuthValue', { authValueNeeded: true, passwordNeeded: false }),
  valuePolicy('TPM2_PolicyPassword', { authValueNeeded: false, passwordNeeded: true }),
]

const stateCommands = [
  defineCommand('TPM2_PolicyPCR', {
    handles: session,
    parameters: { pcrDigest: digest, pcrs: pcrSelections },
    run(machine, { policySession, pcrDigest, pcrs }) {
      const policy = policyAt(machine, policySession)
      const { pcrCounter } = machine.volatile
      let current = selectedDigest(machine, policy.hash, pcrs)
      if (policy.kind === 'trial') {
        if (pcrDigest.length > 0) current = pcrDigest
      } else {
        const before = policy.policy.pcrCounter
        if (before !== undefined && before !== pcrCounter) refuse('PCR_CHANGED')
        if (pcrDigest.length > 0 && !equalBytes(pcrDigest, current)) refuseParameter(1, 'VALUE')
        policy.policy.pcrCounter = pcrCounter
      }
      extend(policy, 'TPM2_PolicyPCR', encode(tpmlPcrSelection, existingSelection(machine, pcrs)), current)
      return {}
    },
  }),
  defineCommand('TPM2_PolicyLocality', {
    handles: session,
    parameters: { locality: u8 },
    run(machine, { policySession, locality }) {
      const policy = policyAt(machine, policySession)
      const before = policy.policy.locality
      if (locality === 0) refuseParameter(1, 'RANGE')
      const extended = locality >= 32
      if (before !== 0 && before >= 32 !== extended) refuseParameter(1, 'RANGE')
      if (before !== 0 && extended && before !== locality) refuseParameter(1, 'RANGE')
      const both = before === 0 || extended ? locality : before & locality
      if (both === 0) refuseParameter(1, 'RANGE')
      policy.policy.locality = both
      extend(policy, 'TPM2_PolicyLocality', Uint8Array.of(locality))
      return {}
    },
  }),
  defineCommand('TPM2_PolicyNvWritten', {
    handles: session,
    parameters: { writtenSet: yesNo },
    run(machine, { policySession, writtenSet }) {
      const policy = policyAt(machine, policySession)
      const before = policy.policy.nvWritten
      if (before !== undefined && before !== writtenSet) refuseParameter(1, 'VALUE')
      policy.policy.nvWritten = writtenSet
      extend(policy, 'TPM2_PolicyNvWritten', Uint8Array.of(writtenSet ? 1 : 0))
      return {}
    },
  }),
]

/** @param isImplemented whether a command code is one of this TPM */
function commandPolicies(isImplemented: (code: number) => boolean) {
  return [
    defineCommand('TPM2_PolicyCommandCode', {
      handles: session,
      parameters: { code: u32 },
      run(machine, { policySession, code }) {
        const policy = policyAt(machine, policySession)
        const before = policy.policy.commandCode
        if (before !== 0 && before !== code) refuseParameter(1, 'VALUE')
        if (!isImplemented(code)) refuseParameter(1, 'POLICY_CC')
        extend(policy, 'TPM2_PolicyCommandCode', encode(u32Codec, code))
        policy.policy.commandCode = code
        return {}
      },
    }),
    bindingPolicy('TPM2_PolicyCpHash', 'cpHash'),
    bindingPolicy('TPM2_PolicyNameHash', 'nameHash', { once: true }),
    bindingPolicy('TPM2_PolicyTemplate', 'template', { differs: () => refuseParameter(1, 'VALUE') }),
  ]
}

const combinationCommands = [
  defineCommand('TPM2_PolicyOR', {
    handles: session,
    parameters: { pHashList: list(digest, 8, 2) },
    run(machine, { policySession, pHashList }) {
      const policy = policyAt(machine, policySession)
      const reached = pHashList.some((branch) => equalBytes(branch, policy.policy.digest))
      if (policy.kind !== 'trial' && !reached) refuseParameter(1, 'VALUE')
      policy.policy.digest = new Uint8Array(hashFacts(policy.hash).size)
      extend(policy, 'TPM2_PolicyOR', ...pHashList)
      return {}
    },
  }),
  defineCommand('TPM2_PolicyDuplicationSelect', {
    handles: session,
    parameters: { objectName: name, newParentName: name, includeObject: yesNo },
    run(machine, { policySession, objectName, newParentName, includeObject }) {
      const policy = policyAt(machine, policySession)
      if (policy.policy.bound !== undefined) refuse('CPHASH')
      if (policy.policy.commandCode !== 0) refuse('COMMAND_CODE')
      const nameHash = digestOf(policy.hash, concatBytes(objectName, newParentName))
      policy.policy.bound = { kind: 'nameHash', digest: nameHash }
      const included = includeObject ? objectName : empty
      extend(
        policy,
        'TPM2_PolicyDuplicationSelect',
        included,
        newParentName,
        Uint8Array.of(includeObject ? 1 : 0),
      )
      policy.policy.commandCode = commandCodes.TPM2_Duplicate
      return {}
    },
  }),
  defineCommand('TPM2_PolicyGetDigest', {
    handles: session,
    parameters: {},
    encryptable: true,
    run: (machine, { policySession }) => ({
      parameters: [encode(tpm2bDigest, policyAt(machine, policySession).policy.digest)],
    }),
  }),
]

/** Policies. Part 3, section 23. */
export function policyCommands(isImplemented: (code: number) => boolean) {
  return [...secretCommands, ...stateCommands, ...commandPolicies(isImplemented), ...combinationCommands]
}
