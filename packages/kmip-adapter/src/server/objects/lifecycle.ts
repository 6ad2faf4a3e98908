import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'
import { type HeldObject, valueIn } from './held-object.js'

/** State of an object, by KMIP's name. */
export type State = Exclude<Enumerated<'State'>, number>

const isOver = (date: bigint | undefined, now: bigint): boolean => date !== undefined && date <= now

/**
 * The state that an object is in at a time: its dates say it, so that it changes as time passes. KMIP 1.4, section
 * 3.22.
 * @param now seconds since 1970
 */
export function stateAt(object: HeldObject, now: bigint): State {
  const compromised = valueIn(object, 'CompromiseDate') !== undefined
  if (valueIn(object, 'DestroyDate') !== undefined) return compromised ? 'DestroyedCompromised' : 'Destroyed'
  if (compromised) return 'Compromised'
  if (!isOver(valueIn(object, 'ActivationDate'), now)) return 'PreActive'
  return isOver(valueIn(object, 'DeactivationDate'), now) ? 'Deactivated' : 'Active'
}

function inWords(state: State): string {
  return state.replace(/(?<=[a-z])(?=[A-Z])/, '-').toLowerCase()
}

/** Refuses an object that is in none of these states. */
export function requireState(object: HeldObject, now: bigint, allowed: readonly State[]): void {
  const state = stateAt(object, now)
  if (allowed.includes(state)) return
  refuse(
    'WrongKeyLifecycleState',
    `the object is ${inWords(state)}, and has to be ${allowed.map(inWords).join(' or ')}`,
  )
}

/** Refuses an object that may not protect data now: encrypt, sign, authenticate, wrap, derive. */
export function requireProtecting(object: HeldObject, now: bigint): void {
  requireState(object, now, ['Active'])
  if (isOver(valueIn(object, 'ProtectStopDate'), now)) {
    refuse('WrongKeyLifecycleState', 'its Protect Stop Date is over')
  }
}

/** Refuses an object that may not process protected data now: decrypt, verify, unwrap. */
export function requireProcessing(object: HeldObject, now: bigint): void {
  requireState(object, now, ['Active', 'Deactivated'])
  const start = valueIn(object, 'ProcessStartDate')
  if (start !== undefined && start > now) {
    refuse('WrongKeyLifecycleState', 'its Process Start Date is to come')
  }
}
