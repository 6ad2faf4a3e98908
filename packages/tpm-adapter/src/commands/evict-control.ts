import { u32 } from '@trusthold/core/codec'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_EvictControl', {
  handles: { auth: 'user', objectHandle: 'none' },
  parameters: { persistentHandle: u32 },
})

/** What {@link evictControl} takes. */
export interface EvictControlInput {
  /** Handle of the owner or platform hierarchy. */
  readonly hierarchy: number
  /** Authorises the hierarchy. */
  readonly session: Session
  /** A loaded object to make persistent, or a persistent one to remove. */
  readonly object: Entity
  /** Where it goes, or where it is. */
  readonly persistentHandle: number
}

/** TPM2_EvictControl: makes an object persistent, or removes a persistent one. Part 3, section 28.5. */
export async function evictControl(runner: CommandRunner, input: EvictControlInput): Promise<void> {
  await runner.run(command, {
    handles: { auth: input.hierarchy, objectHandle: input.object },
    sessions: [input.session],
    parameters: { persistentHandle: input.persistentHandle },
  })
}
