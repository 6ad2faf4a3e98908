import { concatBytes, constantTimeEqual } from '@trusthold/core/bytes'
import { encode, u32, u64 } from '@trusthold/core/codec'
import { kdfa, permanentHandles, type TpmsContext } from '@trusthold/core/tpm2'
import { handleRanges, isIn } from '../fields/handles.js'
import { failure, refuse, refuseParameter } from '../response-codes.js'
import { hmac } from './digests.js'
import { hierarchyOf, hierarchySecrets, isEnabled } from './hierarchies.js'
import type { Machine } from './machine.js'
import { entryAt, type LoadedEntry, loadEntry, requireFreeSlot } from './objects.js'
import { cfb } from './private-areas.js'
import { contextGap, countLoaded, isLoaded, type Session, sessionEntry, sessionLimits } from './sessions.js'
import { readMarked, writeMarked } from './stored-state.js'
import { integrityHash } from './tickets.js'

/** TPMS_CONTEXT as it is read from a command. */
export interface ReceivedContext {
  readonly sequence: bigint
  readonly savedHandle: number
  readonly hierarchy: number
  readonly contextBlob: Uint8Array
}

const macLength = 64
const nothing = new Uint8Array()
const { null: none } = permanentHandles
/** Handles that stand for objects that are saved. Part 2, section 14.5. */
const savedAs = { ordinary: 0x8000_0000, sequence: 0x8000_0001, stClear: 0x8000_0002 } as const

type Head = Pick<ReceivedContext, 'sequence' | 'savedHandle' | 'hierarchy'>

/**
 * Everything that a context depends on beside its content. The proof of the null hierarchy is another one after each TPM
 * Reset, which ends all contexts. Part 1, section 30.3.
 */
function bindingOf({ volatile }: Machine, head: Head): Uint8Array {
  const stClear = head.savedHandle === savedAs.stClear
  const clearCount = stClear ? volatile.clearCount : 0
  return concatBytes(
    encode(u64, head.sequence),
    encode(u32, head.savedHandle),
    encode(u32, clearCount),
    volatile.nullProof,
  )
}

function macOf(machine: Machine, head: Head, encrypted: Uint8Array): Uint8Array {
  const { proof } = hierarchySecrets(machine, hierarchyOf(head.hierarchy))
  return hmac(integrityHash, proof, bindingOf(machine, head), encrypted)
}

function cipher(
  machine: Machine,
  direction: 'encrypt' | 'decrypt',
  head: Head,
  content: Uint8Array,
): Uint8Array {
  const { proof } = hierarchySecrets(machine, hierarchyOf(head.hierarchy))
  const material = kdfa(integrityHash, proof, 'CONTEXT', bindingOf(machine, head), nothing, 384)
  return cfb(direction, material.subarray(0, 32), material.subarray(32), content)
}

/** Longest content of a context. */
const mostBytes = 5120 - macLength

function seal(machine: Machine, head: Head, content: unknown): TpmsContext {
  const text = new TextEncoder().encode(writeMarked(content))
  if (text.length > mostBytes) throw failure('MEMORY')
  const encrypted = cipher(machine, 'encrypt', head, text)
  const contextBlob = concatBytes(macOf(machine, head, encrypted), encrypted)
  return { ...head, hierarchy: hierarchyOf(head.hierarchy), contextBlob }
}

function open(machine: Machine, { contextBlob, ...head }: ReceivedContext): unknown {
  const encrypted = contextBlob.subarray(macLength)
  if (!constantTimeEqual(contextBlob.subarray(0, macLength), macOf(machine, head, encrypted))) {
    return refuseParameter(1, 'INTEGRITY')
  }
  return readMarked(new TextDecoder().decode(cipher(machine, 'decrypt', head, encrypted)))
}

function saveObject(machine: Machine, entry: LoadedEntry): TpmsContext {
  const { volatile } = machine
  const kind = entry.kind === 'sequence' ? 'sequence' : entry.stClear ? 'stClear' : 'ordinary'
  const hierarchy = entry.kind === 'sequence' ? none : entry.hierarchy
  volatile.objectContexts++
  return seal(machine, { sequence: volatile.objectContexts, savedHandle: savedAs[kind], hierarchy }, entry)
}

function checkGap(machine: Machine): void {
  const { active, contextCounter } = machine.volatile.sessions
  const saved = active.flatMap((entry) => (entry === undefined || isLoaded(entry) ? [] : [entry.savedAs]))
  if (saved.some((sequence) => contextCounter - sequence >= contextGap)) refuse('CONTEXT_GAP')
}

function saveSession(machine: Machine, handle: number, session: Session): TpmsContext {
  const { sessions } = machine.volatile
  checkGap(machine)
  sessions.contextCounter++
  const head = { sequence: sessions.contextCounter, savedHandle: handle, hierarchy: none }
  const saved = seal(machine, head, session)
  sessions.active[handle & 0xff] = { savedAs: head.sequence, policy: session.kind !== 'hmac' }
  if (sessions.exclusiveAudit === handle) sessions.exclusiveAudit = 0
  return saved
}

/** TPM2_ContextSave: an object stays, a session leaves. Part 3, section 28.2. */
export function saveContext(machine: Machine, handle: number): TpmsContext {
  if (isIn(handleRanges.transient, handle)) {
    const entry = entryAt(machine, handle)
    return entry === undefined ? refuse('REFERENCE_H0') : saveObject(machine, entry)
  }
  const session = sessionEntry(machine, handle)
  return isLoaded(session) ? saveSession(machine, handle, session) : refuse('REFERENCE_H0')
}

function loadSession(machine: Machine, received: ReceivedContext): number {
  const { savedHandle: handle, sequence } = received
  const entry = sessionEntry(machine, handle)
  if (entry === undefined || isLoaded(entry)) return refuseParameter(1, 'HANDLE')
  if (entry.savedAs !== sequence) refuseParameter(1, 'HANDLE')
  const session = open(machine, received) as Session
  if (countLoaded(machine) >= sessionLimits.loaded) refuse('SESSION_MEMORY')
  machine.volatile.sessions.active[handle & 0xff] = session
  return handle
}

/** TPM2_ContextLoad. Part 3, section 28.3. */
export function loadContext(machine: Machine, received: ReceivedContext): number {
  const { savedHandle, hierarchy, sequence, contextBlob } = received
  if (contextBlob.length <= macLength) refuseParameter(1, 'SIZE')
  if (!isIn(handleRanges.transient, savedHandle)) return loadSession(machine, received)
  if (!isEnabled(machine, hierarchyOf(hierarchy))) refuseParameter(1, 'HIERARCHY')
  if (sequence > machine.volatile.objectContexts) refuseParameter(1, 'INTEGRITY')
  const entry = open(machine, received) as LoadedEntry
  requireFreeSlot(machine)
  return loadEntry(machine, entry)
}
