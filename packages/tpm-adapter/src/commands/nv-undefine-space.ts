import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_NV_UndefineSpace', {
  handles: { authHandle: 'user', nvIndex: 'none' },
})

/** What {@link nvUndefineSpace} takes. */
export interface NvUndefineSpaceInput {
  /** Handle of the owner or platform hierarchy. */
  readonly hierarchy: number
  /** Authorises the hierarchy. */
  readonly session: Session
  readonly index: Entity
}

/** TPM2_NV_UndefineSpace: removes an NV index and what is in it. Part 3, section 31.4. */
export async function nvUndefineSpace(runner: CommandRunner, input: NvUndefineSpaceInput): Promise<void> {
  const handles = { authHandle: input.hierarchy, nvIndex: input.index }
  await runner.run(command, { handles, sessions: [input.session], parameters: {} })
}
