import { struct } from '@trusthold/core/codec'
import { tpm2bName, tpm2bPrivate, tpm2bPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { WrappedKey } from './create.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand(
  'TPM2_Load',
  struct('Load', { inPrivate: tpm2bPrivate, inPublic: tpm2bPublic }),
  struct('Load', { name: tpm2bName }),
  { returnsHandle: true },
)

/** What {@link load} takes. */
export interface LoadInput {
  /** Handle of the loaded storage key that the key was made under. */
  readonly parent: number
  /** Authorises the parent. */
  readonly session: Session
  readonly key: WrappedKey
}

/** TPM2_Load; returns the handle. Part 3, section 12.2. */
export async function load(runner: CommandRunner, { parent, session, key }: LoadInput): Promise<number> {
  const { handle } = await runner.run(command, {
    handles: [parent],
    sessions: [session],
    parameters: { inPrivate: key.privateArea, inPublic: key.publicArea },
  })
  return handle
}
