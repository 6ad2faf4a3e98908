import { implementedHashes } from '../fields/algorithms.js'
import { noPolicy } from './hierarchies.js'
import type { Machine, VolatileState } from './machine.js'
import { pcrFacts, startPcrs } from './pcrs.js'
import { emptySessions, isLoaded, type SessionTable } from './sessions.js'
import type { StoredState, SuspendedState } from './stored-state.js'

/** Length of seeds and proofs, in bytes. */
export const secretLength = 64

/** What a TPM has in memory when power came and TPM2_Startup did not yet. */
export function powerOn(random: { bytes(length: number): Uint8Array }): VolatileState {
  return {
    started: false,
    orderly: true,
    locality: 0,
    time: 0n,
    pcrs: startPcrs(0),
    pcrCounter: 0,
    objects: [],
    sessions: emptySessions(),
    nullSeed: random.bytes(secretLength),
    nullProof: random.bytes(secretLength),
    platformAuth: new Uint8Array(),
    platformPolicy: noPolicy,
    enabled: { owner: true, endorsement: true, platform: true, platformNv: true },
    objectContexts: 0n,
    clearCount: 0,
    lockoutTimers: { healed: 0n, lockoutAuth: 0n },
  }
}

/** Locks that last until the machine starts. Part 2, section 13.4. */
function releaseNvLocks(stored: StoredState): void {
  for (const index of stored.nv) {
    const { attributes } = index.publicArea
    const written = attributes.written && !attributes.clearStClear
    const locked = attributes.writeLocked && attributes.writeDefine && attributes.written
    index.publicArea = {
      ...index.publicArea,
      attributes: { ...attributes, written, writeLocked: locked, readLocked: false },
    }
  }
}

/** A power cut while protected objects were used counts as a failed try. Part 1, section 19.8.5. */
function judgePowerCut({ stored, volatile }: Machine): void {
  const { dictionaryAttack } = stored
  if (stored.leftBy === 'power cut after use' && dictionaryAttack.failedTries < dictionaryAttack.maxTries) {
    dictionaryAttack.failedTries++
  }
  volatile.orderly = stored.leftBy === 'clear' || stored.leftBy === 'state'
  if (!volatile.orderly) stored.clockSafe = false
  if (dictionaryAttack.lockoutRecovery === 0) dictionaryAttack.lockoutAuthEnabled = true
}

function begin({ stored, volatile, save }: Machine): void {
  stored.leftBy = 'power cut'
  stored.suspended = undefined
  volatile.started = true
  save()
}

function savedOnly(state: SuspendedState): SessionTable {
  const active: SessionTable['active'] = []
  for (const [handle, savedAs] of state.savedSessions) {
    active[handle & 0xff] = { savedAs, policy: handle >>> 24 === 0x03 }
  }
  return { active, contextCounter: state.contextCounter, exclusiveAudit: 0 }
}

function recall(volatile: VolatileState, state: SuspendedState): void {
  volatile.nullSeed = state.nullSeed
  volatile.nullProof = state.nullProof
  volatile.objectContexts = state.objectContexts
  volatile.clearCount = state.clearCount
  volatile.sessions = savedOnly(state)
}

/**
 * TPM2_Startup(CLEAR): a TPM Restart after TPM2_Shutdown(STATE), else a TPM Reset. Part 1, section 12.2.3.
 */
export function restart(machine: Machine): void {
  const { stored, volatile } = machine
  const { suspended } = stored
  judgePowerCut(machine)
  if (stored.leftBy === 'state' && suspended !== undefined) {
    recall(volatile, suspended)
    volatile.clearCount++
    stored.restartCount = (stored.restartCount + 1) >>> 0
  } else {
    stored.resetCount = (stored.resetCount + 1) >>> 0
    stored.restartCount = 0
  }
  releaseNvLocks(stored)
  volatile.pcrs = startPcrs(volatile.locality)
  begin(machine)
}

/** TPM2_Startup(STATE): a TPM Resume. Part 1, section 12.2.3. */
export function resume(machine: Machine, state: SuspendedState): void {
  const { stored, volatile } = machine
  judgePowerCut(machine)
  recall(volatile, state)
  stored.restartCount = (stored.restartCount + 1) >>> 0
  volatile.platformAuth = state.platformAuth
  volatile.platformPolicy = state.platformPolicy
  volatile.enabled = { ...state.enabled }
  volatile.pcrCounter = state.pcrCounter
  for (const hash of implementedHashes) {
    const fresh = volatile.pcrs[hash]
    volatile.pcrs[hash] = fresh.map(
      (value, pcr) => (pcrFacts(pcr).save ? state.pcrs[hash]?.[pcr] : undefined) ?? value,
    )
  }
  begin(machine)
}

function savedSessions({ active }: SessionTable): readonly (readonly [number, bigint])[] {
  return active.flatMap((entry, slot) => {
    if (entry === undefined || isLoaded(entry)) return []
    return [[((entry.policy ? 0x03 : 0x02) << 24) | slot, entry.savedAs] as const]
  })
}

/** TPM2_Shutdown. */
export function suspend(machine: Machine, keepState: boolean): void {
  const { stored, volatile } = machine
  const { sessions, nullSeed, nullProof, platformAuth, platformPolicy, pcrCounter } = volatile
  stored.leftBy = keepState ? 'state' : 'clear'
  stored.suspended = keepState
    ? {
        ...{ nullSeed, nullProof, platformAuth, platformPolicy, pcrCounter },
        pcrs: volatile.pcrs,
        enabled: volatile.enabled,
        contextCounter: sessions.contextCounter,
        objectContexts: volatile.objectContexts,
        clearCount: volatile.clearCount,
        savedSessions: savedSessions(sessions),
      }
    : undefined
  machine.save()
}

/** Any other command after TPM2_Shutdown undoes it: the TPM would not be as it was stored. */
export function forgetShutdown({ stored, save }: Machine): void {
  if (stored.leftBy !== 'clear' && stored.leftBy !== 'state') return
  stored.leftBy = 'power cut'
  stored.suspended = undefined
  save()
}
