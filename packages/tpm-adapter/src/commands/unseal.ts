import { tpm2bSensitiveData } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_Unseal', {
  handles: { itemHandle: 'user' },
  response: { outData: tpm2bSensitiveData },
})

/** What {@link unseal} takes. */
export interface UnsealInput {
  /** A loaded sealed object. */
  readonly item: Entity
  readonly session: Session
}

/**
 * TPM2_Unseal; returns the sealed data, which belongs to the caller. It crosses the bus in the clear unless a session
 * encrypts it. Part 3, section 12.7.
 */
export async function unseal(runner: CommandRunner, { item, session }: UnsealInput): Promise<Uint8Array> {
  const handles = { itemHandle: item }
  return (await runner.run(command, { handles, sessions: [session], parameters: {} })).values.outData
}
