import { permanentHandles } from '@trusthold/core/tpm2'
import { handleRanges, isIn } from '../fields/handles.js'
import { failure, refuse } from '../response-codes.js'
import type { Machine } from './machine.js'
import { nvIndexAt } from './nv.js'
import { entryAt } from './objects.js'

/** Whether guessing the authorisation of an entity counts for nothing. Part 1, section 19.8.1. */
export function isExempt(machine: Machine, handle: number): boolean {
  if (handle === permanentHandles.lockout) return false
  if (isIn(handleRanges.nvIndex, handle))
    return nvIndexAt(machine, handle)?.publicArea.attributes.noDA ?? true
  if (isIn(handleRanges.transient, handle) || isIn(handleRanges.persistent, handle)) {
    const entry = entryAt(machine, handle)
    return entry?.kind !== 'object' || entry.publicArea.objectAttributes.noDA
  }
  return true
}

/** Lets failures be forgotten as time passes. Part 1, section 19.8.2. */
export function healFailures(machine: Machine): void {
  const { dictionaryAttack } = machine.stored
  const { time, lockoutTimers } = machine.volatile
  if (dictionaryAttack.failedTries === 0) lockoutTimers.healed = time
  const interval = BigInt(dictionaryAttack.recoveryTime) * 1000n
  if (interval > 0n && dictionaryAttack.failedTries > 0) {
    const forgiven = Number((time - lockoutTimers.healed) / interval)
    if (forgiven > 0) {
      dictionaryAttack.failedTries = Math.max(0, dictionaryAttack.failedTries - forgiven)
      lockoutTimers.healed += BigInt(forgiven) * interval
      machine.save()
    }
  }
  const recovery = BigInt(dictionaryAttack.lockoutRecovery) * 1000n
  if (!dictionaryAttack.lockoutAuthEnabled && recovery > 0n && time - lockoutTimers.lockoutAuth >= recovery) {
    dictionaryAttack.lockoutAuthEnabled = true
    machine.save()
  }
}

/** Whether too many tries failed. */
export function isLockedOut({ stored }: Machine): boolean {
  const { failedTries, maxTries, recoveryTime } = stored.dictionaryAttack
  return recoveryTime !== 0 && failedTries >= maxTries
}

/** Refuses while locked out; notes that what is about to be used is protected. */
export function requireNotLockedOut(machine: Machine, lockoutAuth: boolean): void {
  const { stored } = machine
  if (stored.leftBy === 'power cut') {
    stored.leftBy = 'power cut after use'
    machine.save()
  }
  if (lockoutAuth ? !stored.dictionaryAttack.lockoutAuthEnabled : isLockedOut(machine)) refuse('LOCKOUT')
}

/** Counts a failed try of something that is protected. */
export function countFailure(machine: Machine, lockoutAuth: boolean): never {
  const { dictionaryAttack } = machine.stored
  const { lockoutTimers, time } = machine.volatile
  if (lockoutAuth) {
    dictionaryAttack.lockoutAuthEnabled = false
    lockoutTimers.lockoutAuth = time
  } else if (dictionaryAttack.recoveryTime !== 0) {
    dictionaryAttack.failedTries++
    lockoutTimers.healed = time
  }
  machine.save()
  throw failure('AUTH_FAIL')
}
