import type { Codec } from '@trusthold/core/codec'
import { type CommandName, commandCodes } from '@trusthold/core/tpm2'

/** A TPM command: its name and how its parameters are written and read. */
export interface Command<P, R> {
  readonly name: CommandName
  readonly code: number
  readonly parameters: Codec<P>
  /** Whether a handle stands before the response's parameters. */
  readonly returnsHandle: boolean
  readonly response: Codec<R>
}

/**
 * Defines a command.
 * @param parameters of the command, without handles and authorisations
 * @param response parameters of the response, without handle and authorisations
 */
export function defineCommand<P, R>(
  name: CommandName,
  parameters: Codec<P>,
  response: Codec<R>,
  { returnsHandle = false }: { returnsHandle?: boolean } = {},
): Command<P, R> {
  return { name, code: commandCodes[name], parameters, returnsHandle, response }
}
