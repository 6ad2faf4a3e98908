import type { TpmtPublic } from '@trusthold/core/tpm2'
import { createPrimary } from '../commands/create-primary.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { Session } from '../commands/sessions.js'
import { swappedObject, type UsableObject } from './loaded-key.js'

/** A key of the TPM, and how it is used. */
export interface FoundKey {
  readonly publicArea: TpmtPublic
  readonly object: UsableObject
}

/** What {@link makePrimaryKey} takes. */
export interface PrimaryKeyOptions {
  /** Handle of the hierarchy. */
  readonly hierarchy: number
  readonly template: TpmtPublic
  /** Authorises the hierarchy, each time when the key is made. */
  readonly authorize: <T>(runner: CommandRunner, work: (session: Session) => Promise<T>) => Promise<T>
}

/** Makes a primary key, and again whenever the TPM has lost it. */
export async function makePrimaryKey(
  runner: CommandRunner,
  { hierarchy, template, authorize }: PrimaryKeyOptions,
): Promise<FoundKey> {
  let publicArea: TpmtPublic = template
  const object = swappedObject((using) =>
    authorize(using, async (session) => {
      const made = await createPrimary(using, { hierarchy, session, template })
      publicArea = made.publicArea
      return { handle: made.handle, name: made.name }
    }),
  )
  await object.use(runner, async () => undefined)
  return { publicArea, object }
}
