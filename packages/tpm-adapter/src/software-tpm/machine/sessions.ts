import type { Hash } from '../fields/algorithms.js'
import { handleRanges } from '../fields/handles.js'
import type { SessionSymmetric } from '../fields/schemes.js'
import { refuse } from '../response-codes.js'
import type { Machine } from './machine.js'

/** What a policy session has asserted so far. */
export interface PolicyState {
  digest: Uint8Array
  commandCode: number
  /** cpHash, nameHash or templateHash, of which there can be one. */
  bound: { readonly kind: 'cpHash' | 'nameHash' | 'template'; readonly digest: Uint8Array } | undefined
  /** TPMA_LOCALITY; 0 for any. */
  locality: number
  authValueNeeded: boolean
  passwordNeeded: boolean
  /** Of PCR changes when TPM2_PolicyPCR ran. */
  pcrCounter: number | undefined
  /** In the TPM's milliseconds; the session is no good after it. */
  expires: bigint | undefined
  nvWritten: boolean | undefined
}

/** A session that is loaded. */
export interface Session {
  readonly kind: 'hmac' | 'policy' | 'trial'
  readonly hash: Hash
  readonly symmetric: SessionSymmetric
  readonly key: Uint8Array
  nonceTpm: Uint8Array
  /** The entity that it is bound to: name and authorisation value, as they were. */
  bound: { readonly name: Uint8Array; readonly auth: Uint8Array } | undefined
  /** Bound to something whose guessing counts as an attack. */
  readonly boundToProtected: boolean
  readonly boundToLockout: boolean
  readonly started: bigint
  /** Digest of the commands that it audited; undefined before the first. */
  audit: Uint8Array | undefined
  policy: PolicyState
}

/** Sessions that exist, loaded or saved. */
export interface SessionTable {
  /** By slot, which is the handle's low byte. */
  readonly active: (Session | { readonly savedAs: bigint; readonly policy: boolean } | undefined)[]
  /** Of saved sessions. */
  contextCounter: bigint
  /** Handle of the session in whose audit no other command came in between; 0 for none. */
  exclusiveAudit: number
}

/** MAX_LOADED_SESSIONS, MAX_ACTIVE_SESSIONS. */
export const sessionLimits = { loaded: 3, active: 64 } as const
/** Largest distance between the sequences of saved sessions. */
export const contextGap = 0xffffn

const slotMask = 0x3f

/** A table without sessions. */
export function emptySessions(): SessionTable {
  return { active: [], contextCounter: 0n, exclusiveAudit: 0 }
}

/** A policy session in which nothing was asserted. */
export function freshPolicy(digestSize: number): PolicyState {
  return {
    digest: new Uint8Array(digestSize),
    commandCode: 0,
    bound: undefined,
    locality: 0,
    authValueNeeded: false,
    passwordNeeded: false,
    pcrCounter: undefined,
    expires: undefined,
    nvWritten: undefined,
  }
}

/** Whether an entry is of a session in the TPM. */
export function isLoaded(entry: SessionTable['active'][number]): entry is Session {
  return entry !== undefined && 'kind' in entry
}

/** Loaded sessions. */
export function countLoaded({ volatile }: Machine): number {
  return volatile.sessions.active.filter(isLoaded).length
}

/** The session at a handle; undefined when it is not loaded, or is of the other type. */
export function sessionAt(machine: Machine, handle: number): Session | undefined {
  const entry = machine.volatile.sessions.active[handle & slotMask]
  return isLoaded(entry) && handleOf(entry, handle & slotMask) === handle ? entry : undefined
}

/** Whether a session is loaded in the slot of a handle, of whatever type. */
export function isSlotLoaded(machine: Machine, handle: number): boolean {
  return isLoaded(machine.volatile.sessions.active[handle & slotMask])
}

function handleOf(session: Session, slot: number): number {
  const first = session.kind === 'hmac' ? handleRanges.hmacSession[0] : handleRanges.policySession[0]
  return first + slot
}

/** Handles of loaded or saved sessions, by slot. */
export function sessionHandles({ volatile }: Machine, which: 'loaded' | 'saved'): readonly number[] {
  return volatile.sessions.active.flatMap((entry, slot) => {
    if (entry === undefined || isLoaded(entry) !== (which === 'loaded')) return []
    const policy = isLoaded(entry) ? entry.kind !== 'hmac' : entry.policy
    return [(policy ? handleRanges.policySession[0] : handleRanges.hmacSession[0]) + slot]
  })
}

/** Refuses when no more session can be made; the memory for one is looked at first. */
export function requireSessionSpace(machine: Machine): number {
  const { active } = machine.volatile.sessions
  if (countLoaded(machine) >= sessionLimits.loaded) refuse('SESSION_MEMORY')
  for (let slot = 0; slot < sessionLimits.active; slot++) if (active[slot] === undefined) return slot
  return refuse('SESSION_HANDLES')
}

/** Puts a session into its slot; returns the handle. */
export function placeSession(machine: Machine, slot: number, session: Session): number {
  machine.volatile.sessions.active[slot] = session
  return handleOf(session, slot)
}

/** Removes a session, loaded or saved. */
export function flushSession(machine: Machine, handle: number): void {
  const { sessions } = machine.volatile
  sessions.active[handle & slotMask] = undefined
  if (sessions.exclusiveAudit === handle) sessions.exclusiveAudit = 0
}

/** What is in the slot of a handle. */
export function sessionEntry({ volatile }: Machine, handle: number): SessionTable['active'][number] {
  return volatile.sessions.active[handle & slotMask]
}
