import { equalBytes } from '@trusthold/core/bytes'
import { tpm2bName, tpm2bPrivate, tpm2bPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { WrappedKey } from './create.js'
import { type Entity, type NamedEntity, objectName } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_Load', {
  handles: { parentHandle: 'user' },
  parameters: { inPrivate: tpm2bPrivate, inPublic: tpm2bPublic },
  returnsHandle: true,
  response: { name: tpm2bName },
  check: ({ inPublic }, { name }) =>
    equalBytes(objectName(inPublic), name) ? undefined : 'the name is not that of the object',
})

/** What {@link load} takes. */
export interface LoadInput {
  /** The loaded storage key that the key was made under. */
  readonly parent: Entity
  /** Authorises the parent. */
  readonly session: Session
  readonly key: WrappedKey
}

/** TPM2_Load. Part 3, section 12.2. */
export async function load(runner: CommandRunner, { parent, session, key }: LoadInput): Promise<NamedEntity> {
  const { handle, values } = await runner.run(command, {
    handles: { parentHandle: parent },
    sessions: [session],
    parameters: { inPrivate: key.privateArea, inPublic: key.publicArea },
  })
  return { handle, name: values.name }
}
