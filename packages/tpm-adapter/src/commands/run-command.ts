import { setTimeout as delay } from 'node:timers/promises'
import type { TpmTransport } from '@trusthold/core/ports'
import { orAborted, throwIfAborted } from './abort.js'
import type { Command, CommandFacts } from './command.js'
import { flushCommand } from './flush-context.js'
import { type CommandInput, endUses, type PreparedCommand, prepareCommand } from './prepare-command.js'
import { type CommandOutput, readResponse, responseCodeOf } from './read-response.js'
import { asksForRetry } from './response-codes.js'
import { responseError } from './response-error.js'

/** Sends commands. */
export interface CommandRunner {
  run<H extends string, P, R>(command: Command<H, P, R>, input: CommandInput<H, P>): Promise<CommandOutput<R>>
}

/** How often and when a command is sent again that the TPM asks for again. */
export interface RetryPolicy {
  /** Including the first; 12 by default. */
  attempts?: number
  /** Waits before the next attempt, counted from 1; doubling from 10 ms to 1 s by default. */
  wait?: (attempt: number) => Promise<unknown>
}

const waitByDefault = (attempt: number): Promise<unknown> => delay(Math.min(10 * 2 ** (attempt - 1), 1_000))

/** Types of handles that FlushContext takes: sessions and transient objects. */
const flushable: ReadonlySet<number> = new Set([0x02, 0x03, 0x80])

/** The command that flushes what a response brought; none when it brought nothing. */
function flushOf(command: string, response: Uint8Array): Uint8Array | undefined {
  if (responseCodeOf(command, response) !== 0 || response.length < 14) return undefined
  const flushHandle = new DataView(response.buffer, response.byteOffset).getUint32(10)
  if (!flushable.has(flushHandle >>> 24)) return undefined
  return prepareCommand(flushCommand, { handles: {}, parameters: { flushHandle } }).bytes
}

/**
 * Sends commands over a transport and reads what comes back.
 *
 * `run` throws TPM_RESPONSE with the code's name and the handle, session or parameter that it blames; commands that the
 * TPM asks for again are sent again, within bounds. It throws TPM_NOT_STARTED when the TPM was reset, TPM_LOCKED_OUT
 * when too many authorisations failed, TPM_RESPONSE_MALFORMED for what is not the command's response,
 * TPM_RESPONSE_FORGED for one that a session does not authenticate, and what the transport throws. Nothing that a
 * failed or aborted command left in the TPM stays there.
 */
export function createCommandRunner(transport: TpmTransport, retry: RetryPolicy = {}): CommandRunner {
  const { attempts = 12, wait = waitByDefault } = retry
  let cleaning: Promise<unknown> = Promise.resolve()

  const discard = async (command: string, response: Uint8Array): Promise<void> => {
    const flush = flushOf(command, response)
    if (flush !== undefined) await transport.transmit(flush)
  }

  /**
   * Transmits. A command that brings a handle is not cut short: when the caller gives up, its answer is waited for all
   * the same and what it brought is flushed, before the next command.
   */
  const transmit = async (command: CommandFacts, bytes: Uint8Array, signal?: AbortSignal) => {
    if (!command.returnsHandle || signal === undefined)
      return await transport.transmit(bytes, signal === undefined ? {} : { signal })
    const answer = transport.transmit(bytes)
    let answered = false
    try {
      const response = await orAborted(answer, signal)
      answered = true
      return response
    } finally {
      if (!answered) {
        const clean = answer.then((late) => discard(command.name, late)).catch(() => undefined)
        cleaning = Promise.all([cleaning, clean])
      }
    }
  }

  /** Sends until the TPM does not ask for it again; returns the response and its code. */
  const send = async (
    command: CommandFacts,
    { bytes, uses }: PreparedCommand,
    signal?: AbortSignal,
  ): Promise<{ response: Uint8Array; code: number }> => {
    let how: 'lost' | 'refused' = 'lost'
    try {
      for (let attempt = 1; ; attempt++) {
        how = 'lost'
        const response = await transmit(command, bytes, signal)
        const code = responseCodeOf(command.name, response)
        if (!asksForRetry(code) || attempt >= attempts) return { response, code }
        how = 'refused'
        await orAborted(wait(attempt), signal)
      }
    } catch (error) {
      endUses(uses, how)
      throw error
    }
  }

  const runner: CommandRunner = {
    async run(command, input) {
      throwIfAborted(input.signal)
      await orAborted(cleaning, input.signal)
      const prepared = prepareCommand(command, input)
      const { response, code } = await send(command, prepared, input.signal)
      if (code !== 0) {
        endUses(prepared.uses, 'refused')
        throw await responseError(runner, command, code, input)
      }
      try {
        return readResponse(command, input.parameters, response, prepared)
      } catch (error) {
        endUses(prepared.uses, 'lost')
        if (command.returnsHandle) await discard(command.name, response).catch(() => undefined)
        throw error
      }
    },
  }
  return runner
}
