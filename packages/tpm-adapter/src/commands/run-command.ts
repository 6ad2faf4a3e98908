import { setTimeout as delay } from 'node:timers/promises'
import type { TpmTransport } from '@trusthold/core/ports'
import { orAborted } from './abort.js'
import type { Command, CommandFacts } from './command.js'
import { createDelivery } from './delivery.js'
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
  const delivery = createDelivery(transport)

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
        const response = await delivery.transmit(command, bytes, signal)
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
      await orAborted(delivery.settled(), input.signal)
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
        await delivery.discard(command, response)
        throw error
      }
    },
  }
  return runner
}
