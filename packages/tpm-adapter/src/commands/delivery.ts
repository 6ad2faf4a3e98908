import { Reader } from '@trusthold/core/codec'
import type { TpmTransport } from '@trusthold/core/ports'
import { orAborted } from './abort.js'
import type { CommandFacts } from './command.js'
import { flushCommand } from './flush-context.js'
import { headerLength, prepareCommand } from './prepare-command.js'
import { responseCodeOf } from './read-response.js'

/** Types of handles that FlushContext takes: sessions and transient objects. */
const flushable: ReadonlySet<number> = new Set([0x02, 0x03, 0x80])

/** The command that flushes what a response brought; none when it brought nothing, or throws when it is too short. */
function flushOf(command: string, response: Uint8Array): Uint8Array | undefined {
  if (responseCodeOf(command, response) !== 0) return undefined
  const flushHandle = new Reader(response, headerLength).u32()
  if (!flushable.has(flushHandle >>> 24)) return undefined
  return prepareCommand(flushCommand, { handles: {}, parameters: { flushHandle } }).bytes
}

/** Carries commands so that nothing is left in the TPM that nobody knows of. */
export interface Delivery {
  /**
   * Transmits. A command that brings a handle is not cut short: when the caller gives up, its answer is waited for all
   * the same and what it brought is flushed.
   */
  transmit(command: CommandFacts, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array>
  /** Flushes what a response brought that was refused; that it cannot be flushed is not what went wrong. */
  discard(command: CommandFacts, response: Uint8Array): Promise<void>
  /** Waits until what came too late is flushed. */
  settled(): Promise<unknown>
}

/** Delivers over a transport. */
export function createDelivery(transport: TpmTransport): Delivery {
  let settled: Promise<unknown> = Promise.resolve()

  const discard = async ({ name, returnsHandle }: CommandFacts, response: Uint8Array): Promise<void> => {
    try {
      const flush = returnsHandle ? flushOf(name, response) : undefined
      if (flush !== undefined) await transport.transmit(flush)
    } catch {
      // The error that the caller gets is the one that led here.
    }
  }

  return {
    async transmit(command, bytes, signal) {
      if (signal === undefined) return await transport.transmit(bytes)
      if (!command.returnsHandle) return await transport.transmit(bytes, { signal })
      const answer = transport.transmit(bytes)
      try {
        return await orAborted(answer, signal)
      } catch (error) {
        const cleaned = answer.then((late) => discard(command, late)).catch(() => undefined)
        settled = Promise.all([settled, cleaned])
        throw error
      }
    },
    discard,
    settled: () => settled,
  }
}
