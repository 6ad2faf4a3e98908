import { TrustholdError } from '@trusthold/core/errors'
import { computeName, type TpmtPublic } from '@trusthold/core/tpm2'
import type { NamedEntity } from '../commands/entity.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession, type Session } from '../commands/sessions.js'
import { type Authority, withEkPolicy, withEmptyPassword } from './authorization.js'
import { ekPolicyOf } from './ek-policies.js'
import type { UsableObject } from './loaded-key.js'

/** A key that other keys live under. */
export interface ParentKey extends UsableObject {
  readonly publicArea: TpmtPublic
  /** Its name. */
  readonly name: Uint8Array
  /** Authorises its use in the USER role while it is loaded. */
  authorize<T>(runner: CommandRunner, loaded: NamedEntity, work: (session: Session) => Promise<T>): Promise<T>
}

/**
 * An endorsement key as a parent: by its policy, or with the empty password where the key allows it. Either way the
 * session is salted to it.
 */
export function endorsementParent(
  authority: Authority,
  publicArea: TpmtPublic,
  object: UsableObject,
): ParentKey {
  const policy = ekPolicyOf(publicArea)
  const { userWithAuth } = publicArea.objectAttributes
  return {
    publicArea,
    name: computeName(publicArea),
    use: object.use,
    authorize(runner, entity, work) {
      const salt = { entity, publicArea }
      if (policy !== undefined) return withEkPolicy(runner, authority, policy, salt, work)
      if (userWithAuth) return withEmptyPassword(runner, authority, salt, work)
      throw new TrustholdError('TPM_NOT_AVAILABLE', {
        what: 'the endorsement key',
        reason: 'its policy is none of the EK Credential Profile, and it has no password',
      })
    },
  }
}

/** A storage key with the empty password. */
export function storageParent(publicArea: TpmtPublic, object: UsableObject): ParentKey {
  return {
    publicArea,
    name: computeName(publicArea),
    use: object.use,
    authorize: (_runner, _entity, work) => work(passwordSession()),
  }
}
