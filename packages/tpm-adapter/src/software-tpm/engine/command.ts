import { type CommandName, commandCodes } from '@trusthold/core/tpm2'
import type { Field, Fields, FieldValues } from '../fields/field.js'
import type { Machine } from '../machine/machine.js'

/** Who has to authorise the use of a handle. Part 1, section 19.2. */
export type AuthRole = 'none' | 'user' | 'admin' | 'dup'

/** A handle of a command. */
export interface HandleDefinition {
  readonly type: Field<number>
  readonly role?: AuthRole
}

/** What a command returns. */
export interface CommandResult {
  readonly handle?: number
  /** Encoded parameters, in their order. */
  readonly parameters?: readonly Uint8Array[]
  /** Transient handle that is flushed once the response is written, which may need its authorisation value. */
  readonly flushes?: number
}

/** The command that runs, beside its own inputs. */
export interface CommandCall {
  readonly handles: readonly number[]
  /** The session that authorises the first handle, when it is none of a password. */
  readonly firstSession: number | undefined
}

/** Facts about a command that TPM2_GetCapability tells. TPMA_CC, Part 2, section 8.9. */
export interface CommandTraits {
  /** May write NV memory. */
  readonly nv?: boolean
  /** May flush many objects. */
  readonly extensive?: boolean
  /** Flushes the first handle's object. */
  readonly flushed?: boolean
  readonly returnsHandle?: boolean
  /** Its response starts with a TPM2B, which sessions can encrypt. */
  readonly encryptable?: boolean
  /** Runs before TPM2_Startup was sent, and not after. */
  readonly beforeStartup?: boolean
  /** Takes no sessions at all. */
  readonly noSessions?: boolean
}

/** What defines a command. */
export interface CommandDefinition<H extends Readonly<Record<string, HandleDefinition>>, P extends Fields>
  extends CommandTraits {
  readonly handles: H
  readonly parameters: P
  run(
    machine: Machine,
    input: { readonly [K in keyof H]: number } & FieldValues<P>,
    call: CommandCall,
  ): CommandResult
}

/** A command as the engine runs it. */
export interface Command extends CommandTraits {
  readonly name: CommandName
  readonly code: number
  readonly handles: readonly (readonly [name: string, definition: HandleDefinition])[]
  readonly parameters: readonly (readonly [name: string, field: Field<unknown>])[]
  run(machine: Machine, input: Readonly<Record<string, unknown>>, call: CommandCall): CommandResult
}

/** Defines a command. TPM 2.0 Part 3 gives its handles and parameters, in this order. */
export function defineCommand<
  const H extends Readonly<Record<string, HandleDefinition>>,
  const P extends Fields,
>(name: CommandName, definition: CommandDefinition<H, P>): Command {
  const { handles, parameters, run, ...traits } = definition
  return {
    ...traits,
    name,
    code: commandCodes[name],
    handles: Object.entries(handles),
    parameters: Object.entries(parameters),
    run: (machine, input, call) => run(machine, input as Parameters<typeof run>[1], call),
  }
}
