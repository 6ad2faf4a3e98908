import { setMaxListeners } from 'node:events'
import { describeError, isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import type { Channel, OpenChannel } from './channel.js'
import { checkCommand, readResponse } from './framing.js'
import { type Limits, limit, type Phase } from './limit.js'

/** Time limits of a transport. */
export interface TransportTimeouts {
  /** For one command, from its turn to the whole response: 120,000 ms by default, as slow TPMs make RSA keys. */
  commandTimeoutMs?: number
  /** For a connection: 10,000 ms by default. */
  connectTimeoutMs?: number
}

/** What every transport takes. */
export interface TransportOptions extends TransportTimeouts {
  /**
   * Called when another connection has taken the place of one that was lost or given up, before the next command is
   * sent: the TPM may have been restarted, and what it kept for the former connection may be gone.
   */
  onReconnect?: () => void
}

/** What {@link openSerialTransport} takes. */
export interface SerialTransportOptions extends TransportOptions {
  /** Where the TPM is, for errors. */
  endpoint: string
  open: OpenChannel
  /** Asks the TPM to give up the command that is running, by another way; its errors are of no interest. */
  cancel?: () => Promise<void>
}

/** Gives the system's errors a code; ours pass. */
function located(error: unknown, endpoint: string, phase: Phase): unknown {
  if (isTrustholdError(error)) return error
  const reason = describeError(error)
  return new TrustholdError('TRANSPORT_FAILED', { endpoint, phase, reason }, { cause: error })
}

/** Whether the TPM may still be working on the command. */
const wasGivenUp = (error: unknown): boolean =>
  isTrustholdError(error) &&
  ['TRANSPORT_TIMEOUT', 'TRANSPORT_ABORTED', 'TRANSPORT_CLOSED'].includes(error.code)

/** Waits until the last connection is out of the way, then opens another. One that opens too late is destroyed. */
async function connect(
  options: SerialTransportOptions,
  limits: Limits,
  left: Promise<unknown>,
): Promise<Channel> {
  const giveUp = new AbortController()
  const opening = left.then(() => {
    giveUp.signal.throwIfAborted()
    return options.open(giveUp.signal)
  })
  try {
    const time = { milliseconds: options.connectTimeoutMs ?? 10_000, phase: () => 'connect' as const }
    return await limit(opening, { ...limits, time })
  } catch (error) {
    giveUp.abort()
    opening.then((late) => late.destroy()).catch(() => undefined)
    throw located(error, options.endpoint, 'connect')
  }
}

/** Writes a command and reads its response. */
async function converse(
  channel: Channel,
  command: Uint8Array,
  name: string,
  limits: Limits,
  milliseconds: number,
): Promise<Uint8Array> {
  let phase: Phase = 'write'
  const exchange = async (): Promise<Uint8Array> => {
    await channel.write(command)
    phase = 'read'
    return await readResponse(name, () => channel.read())
  }
  try {
    return await limit(exchange(), { ...limits, time: { milliseconds, phase: () => phase } })
  } catch (error) {
    throw located(error, limits.endpoint, phase)
  }
}

/**
 * Opens the transport over any channel: one command in flight, the others waiting in order. Whatever goes wrong while
 * a command is in flight drops the channel, so that what it still has to say reaches nobody; the next command opens
 * another one.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT when there is no connection
 */
export async function openSerialTransport(options: SerialTransportOptions): Promise<TpmTransport> {
  const { endpoint, commandTimeoutMs = 120_000, cancel, onReconnect } = options
  const closing = new AbortController()
  // One listener for each call that waits, however many there are.
  setMaxListeners(0, closing.signal)
  const limitsFor = (signal?: AbortSignal): Limits => ({ endpoint, signal, closing: closing.signal })
  const listeners = onReconnect === undefined ? [] : [onReconnect]
  let left: Promise<unknown> = Promise.resolve()
  let channel: Channel | undefined = await connect(options, limitsFor(), left)
  let last: Promise<unknown> = Promise.resolve()

  /** What cancels a command must not reach the next one, so the next connection waits for it. */
  const drop = (cancelled?: Promise<void>): void => {
    left = Promise.all([left, channel?.destroy(), cancelled?.catch(() => undefined)])
    channel = undefined
  }

  const takeTurn = async (command: Uint8Array, name: string, signal?: AbortSignal): Promise<Uint8Array> => {
    const limits = limitsFor(signal)
    if (closing.signal.aborted) throw new TrustholdError('TRANSPORT_CLOSED', { endpoint })
    if (signal?.aborted) throw new TrustholdError('TRANSPORT_ABORTED', { endpoint })
    if (channel !== undefined && !channel.usable()) drop()
    if (channel === undefined) {
      channel = await connect(options, limits, left)
      for (const listener of listeners) listener()
    }
    try {
      return await converse(channel, command, name, limits, commandTimeoutMs)
    } catch (error) {
      drop(wasGivenUp(error) ? cancel?.() : undefined)
      throw error
    }
  }

  return {
    async transmit(command, { signal } = {}) {
      const name = checkCommand(command)
      const copy = Uint8Array.from(command)
      const turn = last.then(() => takeTurn(copy, name, signal))
      last = turn.catch(() => undefined)
      return await limit(turn, limitsFor(signal))
    },
    async close() {
      closing.abort()
      drop()
    },
    onReconnect(listener) {
      listeners.push(listener)
    },
  }
}
