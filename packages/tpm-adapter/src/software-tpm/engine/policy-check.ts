import { equalBytes } from '@trusthold/core/bytes'
import { handleRanges, isIn } from '../fields/handles.js'
import { entityPolicy } from '../machine/entities.js'
import type { Machine } from '../machine/machine.js'
import { nvIndexAt } from '../machine/nv.js'
import type { Session } from '../machine/sessions.js'
import { refuse } from '../response-codes.js'
import type { AuthorizedSession } from './authorize.js'
import type { Command } from './command.js'
import type { CommandHashes } from './session-hmac.js'

function checkDigest(machine: Machine, session: Session, entity: number): void {
  const expected = entityPolicy(machine, entity)
  const same = equalBytes(session.policy.digest, expected.digest) && session.hash === expected.hashAlg
  if (!same) refuse('POLICY_FAIL')
}

function checkCommand(command: Command, { policy }: Session, role: AuthorizedSession['role']): void {
  if (policy.commandCode !== 0) {
    if (policy.commandCode !== command.code) refuse('POLICY_CC')
  } else if (role === 'admin' || role === 'dup') refuse('POLICY_FAIL')
}

function checkLocality(machine: Machine, { policy }: Session): void {
  const { locality } = machine.volatile
  if (policy.locality === 0) return
  const allowed =
    policy.locality < 32 ? ((policy.locality >> locality) & 1) === 1 : policy.locality === locality
  if (!allowed) refuse('LOCALITY')
}

function checkBound({ policy, hash }: Session, hashes: CommandHashes): void {
  const { bound } = policy
  if (bound === undefined) return
  const actual =
    bound.kind === 'cpHash'
      ? hashes.cpHash(hash)
      : bound.kind === 'nameHash'
        ? hashes.nameHash(hash)
        : hashes.templateHash(hash)
  if (actual === undefined || !equalBytes(actual, bound.digest)) refuse('POLICY_FAIL')
}

function checkWritten(machine: Machine, { policy }: Session, entity: number): void {
  if (policy.nvWritten === undefined) return
  if (!isIn(handleRanges.nvIndex, entity)) refuse('POLICY_FAIL')
  if (nvIndexAt(machine, entity)?.publicArea.attributes.written !== policy.nvWritten) refuse('POLICY_FAIL')
}

/** Whether a policy session is what the entity asks for, and good for this command now. Part 1, section 19.7. */
export function checkPolicy(
  machine: Machine,
  command: Command,
  used: AuthorizedSession,
  entity: number,
  hashes: CommandHashes,
): void {
  const { session, role } = used
  if (session === undefined) return
  const { policy } = session
  if (command.name === 'TPM2_PolicySecret' && !policy.passwordNeeded && !policy.authValueNeeded)
    refuse('MODE')
  if (policy.pcrCounter !== undefined && policy.pcrCounter !== machine.volatile.pcrCounter) {
    refuse('PCR_CHANGED')
  }
  checkDigest(machine, session, entity)
  if (policy.expires !== undefined && policy.expires < machine.volatile.time) refuse('EXPIRED')
  checkCommand(command, session, role)
  checkLocality(machine, session)
  checkBound(session, hashes)
  checkWritten(machine, session, entity)
}
