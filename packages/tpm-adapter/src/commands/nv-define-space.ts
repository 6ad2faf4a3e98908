import { type TpmsNvPublic, tpm2bAuth, tpm2bNvPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const define = defineCommand('TPM2_NV_DefineSpace', {
  handles: { authHandle: 'user' },
  parameters: { auth: tpm2bAuth, publicInfo: tpm2bNvPublic },
})
const undefine = defineCommand('TPM2_NV_UndefineSpace', {
  handles: { authHandle: 'user', nvIndex: 'none' },
})

/** What {@link nvDefineSpace} takes. */
export interface NvDefineSpaceInput {
  /** Handle of the owner or platform hierarchy. */
  readonly hierarchy: number
  /** Authorises the hierarchy. */
  readonly session: Session
  /** The index's password; none by default. */
  readonly authValue?: Uint8Array
  readonly publicInfo: TpmsNvPublic
}

/** TPM2_NV_DefineSpace: makes an NV index. Part 3, section 31.3. */
export async function nvDefineSpace(runner: CommandRunner, input: NvDefineSpaceInput): Promise<void> {
  await runner.run(define, {
    handles: { authHandle: input.hierarchy },
    sessions: [input.session],
    parameters: { auth: input.authValue ?? new Uint8Array(), publicInfo: input.publicInfo },
  })
}

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
  await runner.run(undefine, { handles, sessions: [input.session], parameters: {} })
}
