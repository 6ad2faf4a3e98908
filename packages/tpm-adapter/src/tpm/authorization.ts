import type { SecretBytes } from '@trusthold/core/bytes'
import type { RandomSource } from '@trusthold/core/ports'
import { type HashAlgorithm, permanentHandles, type TpmlPcrSelection } from '@trusthold/core/tpm2'
import { policyOr } from '../commands/policy-or.js'
import { policyPcr } from '../commands/policy-pcr.js'
import { policySecret } from '../commands/policy-secret.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession, type Session } from '../commands/sessions.js'
import type { EkPolicy } from './ek-policies.js'
import { type SaltKey, withSession } from './with-session.js'

/** Passwords of the hierarchies; empty ones by default, as TPMs have them unless someone set them. */
export interface HierarchyPasswords {
  readonly endorsement?: SecretBytes
  readonly owner?: SecretBytes
}

/** Lends a salt key, if there is one, while some work is done. */
export type LendSalt = <T>(
  runner: CommandRunner,
  work: (salt: SaltKey | undefined) => Promise<T>,
) => Promise<T>

/** While no key of the TPM is known yet. */
export const noSalt: LendSalt = (_runner, work) => work(undefined)

/** What authorising takes. */
export interface Authority {
  readonly random: RandomSource
  readonly passwords: HierarchyPasswords
}

/**
 * Authorises the use of a hierarchy. A password is proved by HMAC and never sent; where there is none, there is nothing
 * to protect.
 */
export async function withHierarchy<T>(
  runner: CommandRunner,
  { random, passwords }: Authority,
  hierarchy: 'endorsement' | 'owner',
  lendSalt: LendSalt,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const password = passwords[hierarchy]
  if (password === undefined || password.length === 0) return await work(passwordSession())
  return await lendSalt(runner, (salt) => {
    const options = { type: 'hmac', hash: 'sha256', authValue: password, salt, random } as const
    return withSession(runner, options, ({ session }) => work(session))
  })
}

/** Authorises the use of an endorsement key, in a session that is salted to it and encrypts what secrets it brings. */
export async function withEkPolicy<T>(
  runner: CommandRunner,
  authority: Authority,
  { hash, branches }: EkPolicy,
  salt: SaltKey,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const options = { type: 'policy', hash, salt, random: authority.random } as const
  return await withSession(runner, options, async ({ session, handle }) => {
    await withHierarchy(
      runner,
      authority,
      'endorsement',
      (_, lend) => lend(salt),
      (hierarchySession) =>
        policySecret(runner, {
          entity: permanentHandles.endorsement,
          session: hierarchySession,
          policySession: handle,
        }),
    )
    if (branches !== undefined) await policyOr(runner, handle, branches)
    return await work(session)
  })
}

/** Authorises an object with the empty password, in a session that encrypts what secrets it brings. */
export function withEmptyPassword<T>(
  runner: CommandRunner,
  { random }: Authority,
  salt: SaltKey,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const options = { type: 'hmac', hash: 'sha256', salt, random } as const
  return withSession(runner, options, ({ session }) => work(session))
}

/** Authorises an object whose policy is about PCRs, in a session that encrypts what secrets it brings. */
export function withPcrPolicy<T>(
  runner: CommandRunner,
  { random }: Authority,
  { hash, selection }: { readonly hash: HashAlgorithm; readonly selection: TpmlPcrSelection },
  salt: SaltKey,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession(runner, { type: 'policy', hash, salt, random }, async ({ session, handle }) => {
    await policyPcr(runner, { policySession: handle, selection })
    return await work(session)
  })
}
