import {
  activate as activateOperation,
  archive as archiveOperation,
  check as checkOperation,
  destroy as destroyOperation,
  obtainLease as obtainLeaseOperation,
  type RevocationReasonCode,
  recover as recoverOperation,
  revoke as revokeOperation,
} from '../operations/index.js'
import { type UsageBit, usageMask } from '../protocol/index.js'
import { type Command, command, type ObjectRef, subjectField, toSeconds } from './command.js'

/** Makes a pre-active object active; comes to its id. */
export function activate(ref: ObjectRef): Command<string> {
  return command(
    activateOperation,
    ref,
    () => subjectField(ref),
    ({ uniqueIdentifier }) => uniqueIdentifier,
  )
}

type Compromise = 'KeyCompromise' | 'CACompromise'

/** Why an object is taken out of use, and, when it was compromised, since when. */
export type Revocation = { readonly message?: string } & (
  | { readonly reason: Exclude<RevocationReasonCode, Compromise> }
  | { readonly reason: Compromise; readonly occurred: Date }
)

/** Takes an object out of use: as compromised, with the time when that happened, or as deactivated. */
export function revoke(ref: ObjectRef, revocation: Revocation): Command<void> {
  const { reason, message } = revocation
  const request = {
    ...subjectField(ref),
    revocationReason: {
      revocationReasonCode: reason,
      ...(message === undefined ? {} : { revocationMessage: message }),
    },
    ...('occurred' in revocation ? { compromiseOccurrenceDate: toSeconds(revocation.occurred) } : {}),
  }
  return command(
    revokeOperation,
    ref,
    () => request,
    () => undefined,
  )
}

/** Destroys an object for good. One that is active has to be revoked first. */
export function destroy(ref: ObjectRef): Command<void> {
  return command(
    destroyOperation,
    ref,
    () => subjectField(ref),
    () => undefined,
  )
}

/** Lets the server put an object away, where it cannot be used until it is recovered. */
export function archive(ref: ObjectRef): Command<void> {
  return command(
    archiveOperation,
    ref,
    () => subjectField(ref),
    () => undefined,
  )
}

/** Brings an object back from the archive. */
export function recover(ref: ObjectRef): Command<void> {
  return command(
    recoverOperation,
    ref,
    () => subjectField(ref),
    () => undefined,
  )
}

/** For how long an object may be used. */
export interface Lease {
  readonly seconds: number
  /** When the object's attributes changed last: what was read before may no longer hold. */
  readonly lastChange: Date
}

/** Asks to use an object for a while. */
export function obtainLease(ref: ObjectRef): Command<Lease> {
  return command(
    obtainLeaseOperation,
    ref,
    () => subjectField(ref),
    ({ leaseTime, lastChangeDate }) => ({
      seconds: leaseTime,
      lastChange: new Date(Number(lastChangeDate) * 1000),
    }),
  )
}

/** Uses of an object that a client has in mind. */
export interface IntendedUse {
  readonly usage?: readonly UsageBit[]
  /** In the unit of the object's Usage Limits. */
  readonly amount?: bigint
  /** Seconds. */
  readonly lease?: number
}

/** Which intended uses are allowed. */
export interface CheckedUse {
  /** Whether all of them are. */
  readonly allowed: boolean
  /** The usage mask that the server allows, when it is not all that was asked. */
  readonly usage?: number
  readonly amount?: bigint
  readonly lease?: number
}

/** Asks whether an object may be used so. */
export function check(ref: ObjectRef, { usage, amount, lease }: IntendedUse): Command<CheckedUse> {
  return command(
    checkOperation,
    ref,
    () => ({
      ...subjectField(ref),
      ...(amount === undefined ? {} : { usageLimitsCount: amount }),
      ...(usage === undefined ? {} : { cryptographicUsageMask: usageMask(usage) }),
      ...(lease === undefined ? {} : { leaseTime: lease }),
    }),
    ({ cryptographicUsageMask, usageLimitsCount, leaseTime }) => ({
      allowed: [cryptographicUsageMask, usageLimitsCount, leaseTime].every((limit) => limit === undefined),
      ...(cryptographicUsageMask === undefined ? {} : { usage: cryptographicUsageMask }),
      ...(usageLimitsCount === undefined ? {} : { amount: usageLimitsCount }),
      ...(leaseTime === undefined ? {} : { lease: leaseTime }),
    }),
  )
}
