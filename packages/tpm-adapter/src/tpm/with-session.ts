import type { SecretBytes } from '@trusthold/core/bytes'
import type { RandomSource } from '@trusthold/core/ports'
import type { HashAlgorithm, TpmtPublic } from '@trusthold/core/tpm2'
import type { NamedEntity } from '../commands/entity.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { Session } from '../commands/sessions.js'
import { openSession, type TpmSession } from '../sessions/index.js'

/** A loaded key that sessions are salted to, and its public area as it is known, whatever the bus says now. */
export interface SaltKey {
  readonly entity: NamedEntity
  readonly publicArea: TpmtPublic
}

/** What {@link withSession} takes. */
export interface WithSessionOptions {
  readonly type: 'hmac' | 'policy'
  readonly hash: HashAlgorithm
  /** What the session's key is made from; without it, nothing is encrypted. */
  readonly salt: SaltKey | undefined
  /** Password of what is authorised, proved by HMAC; empty by default. */
  readonly authValue?: SecretBytes
  readonly random: RandomSource
}

/** A session that is open, as an authorisation and by its handle, which policy commands take. */
export interface OpenedSession {
  readonly session: Session
  readonly handle: number
}

/**
 * Opens a session for some work and closes it, whether the work succeeded or not. When both fail, the work's error is
 * the one that is thrown.
 */
export async function withSession<T>(
  runner: CommandRunner,
  options: WithSessionOptions,
  work: (opened: OpenedSession) => Promise<T>,
): Promise<T> {
  const { type, hash, salt, authValue, random } = options
  const saltKey = salt && { handle: salt.entity.handle, expected: salt.publicArea }
  const opened = await openSession(runner, { type, hash, random, ...(saltKey && { salt: saltKey }) })
  const password = authValue?.copy()
  let result: T
  try {
    result = await work({ session: authorization(opened, password), handle: opened.handle })
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw error
  } finally {
    password?.fill(0)
  }
  await opened.close()
  return result
}

const authorization = (opened: TpmSession, password: Uint8Array | undefined): Session =>
  password === undefined ? opened : opened.withAuth(password)
