import { type Codec, type Fields, struct, type Values } from '@trusthold/core/codec'
import { type CommandName, commandCodes } from '@trusthold/core/tpm2'

/** What the authorisation of a handle has to allow, as the tables of Part 3 say; `none` for handles without one. */
export type AuthRole = 'user' | 'admin' | 'none'

/** What is known of a command whatever its parameters are. */
export interface CommandFacts {
  readonly name: CommandName
  readonly code: number
  /** Names of the handles, in wire order. */
  readonly handles: readonly string[]
  /** How many of the handles, the first ones, need an authorisation. */
  readonly authorizations: number
  /** Names of the parameters, in wire order. */
  readonly parameterNames: readonly string[]
  /** Whether the first parameter is a sized buffer, which a session can encrypt. Part 1, section 21. */
  readonly encryptableCommand: boolean
  /** Whether a handle stands before the response's parameters. */
  readonly returnsHandle: boolean
  readonly encryptableResponse: boolean
}

/** A TPM command: its name, its handles, and how its parameters are written and read. */
export interface Command<H extends string, P, R> extends CommandFacts {
  readonly handles: readonly H[]
  readonly parameters: Codec<P>
  readonly response: Codec<R>
  /** Says what is wrong with a response that its structure cannot tell. */
  readonly check: ((parameters: P, values: R) => string | undefined) | undefined
}

/** What {@link defineCommand} takes: a command as Part 3 describes it. */
export interface CommandShape<H extends string, P extends Fields, R extends Fields> {
  /** Handles with the roles of their authorisations; those that need one come first. */
  readonly handles?: Readonly<Record<H, AuthRole>>
  readonly parameters?: P
  readonly returnsHandle?: boolean
  readonly response?: R
  readonly check?: (parameters: Values<P>, values: Values<R>) => string | undefined
}

/** Sized buffers have the specification's names. */
function startsWithBuffer(fields: Fields): boolean {
  return Object.values(fields)[0]?.name.startsWith('TPM2B_') ?? false
}

/** Defines a command, without what stands around it: header and authorisations. */
export function defineCommand<
  H extends string = never,
  P extends Fields = Record<never, never>,
  R extends Fields = Record<never, never>,
>(name: CommandName, shape: CommandShape<H, P, R>): Command<H, Values<P>, Values<R>> {
  const handles = (shape.handles ?? {}) as Readonly<Record<H, AuthRole>>
  const parameters = shape.parameters ?? ({} as P)
  const response = shape.response ?? ({} as R)
  return {
    name,
    code: commandCodes[name],
    handles: Object.keys(handles) as H[],
    authorizations: Object.values(handles).filter((role) => role !== 'none').length,
    parameters: struct(name, parameters),
    parameterNames: Object.keys(parameters),
    encryptableCommand: startsWithBuffer(parameters),
    returnsHandle: shape.returnsHandle ?? false,
    response: struct(name, response),
    encryptableResponse: startsWithBuffer(response),
    check: shape.check,
  }
}
