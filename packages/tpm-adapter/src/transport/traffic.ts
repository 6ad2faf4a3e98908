import { equalBytes, fromHex, toHex } from '@trusthold/core/bytes'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import { commandName } from '@trusthold/core/tpm2'
import type { Channel } from './channel.js'
import { headerLength } from './framing.js'
import { openSerialTransport } from './serial-transport.js'

/** A command and how it ended, in hexadecimal: with a response, or with the code of an error. */
export type RecordedExchange =
  | { readonly command: string; readonly response: string }
  | { readonly command: string; readonly failure: string }

/**
 * Traffic with a TPM, as JSON can hold it.
 *
 * It is not to be published or kept without thought: whatever crosses the bus is in it, which includes passwords,
 * secrets that are sealed or unsealed without parameter encryption, and what identifies the TPM.
 */
export interface TrafficRecording {
  readonly format: 'trusthold-tpm-traffic-1'
  /** In the order in which the commands were given. */
  readonly exchanges: readonly RecordedExchange[]
}

/** What {@link recordTraffic} returns. */
export interface TrafficRecorder {
  /** Works as the transport that is recorded. */
  readonly transport: TpmTransport
  /** All exchanges that have ended, up to the first one that has not. */
  recording(): TrafficRecording
}

/** Records what goes through a transport. */
export function recordTraffic(transport: TpmTransport): TrafficRecorder {
  const exchanges: (RecordedExchange | undefined)[] = []
  return {
    transport: {
      async transmit(bytes, options) {
        const command = toHex(bytes)
        const place = exchanges.push(undefined) - 1
        try {
          const response = await transport.transmit(bytes, options)
          exchanges[place] = { command, response: toHex(response) }
          return response
        } catch (error) {
          exchanges[place] = { command, failure: isTrustholdError(error) ? error.code : 'unknown' }
          throw error
        }
      },
      close: () => transport.close(),
      onReconnect: (listener) => transport.onReconnect?.(listener),
    },
    recording() {
      const ended = exchanges.indexOf(undefined)
      const all = ended === -1 ? exchanges : exchanges.slice(0, ended)
      return { format: 'trusthold-tpm-traffic-1', exchanges: all.flatMap((each) => each ?? []) }
    },
  }
}

const endpoint = 'recording'

/** Failures that are the caller's own doing. */
const givenUp: ReadonlySet<string> = new Set(['TRANSPORT_ABORTED', 'TRANSPORT_CLOSED'])

interface Exchange {
  readonly command: Uint8Array
  readonly response: Uint8Array | undefined
  readonly failure: string
}

function refuseRecording(reason: string): never {
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'recording', reason })
}

/** The commands and responses of a recording, which may come from a file and be anything. */
function readRecording(recording: TrafficRecording): readonly Exchange[] {
  const { format, exchanges } = (recording ?? {}) as Partial<TrafficRecording>
  if (format !== 'trusthold-tpm-traffic-1') refuseRecording('its format is not trusthold-tpm-traffic-1')
  if (!Array.isArray(exchanges)) refuseRecording('it has no exchanges')
  return (exchanges as unknown[]).map((exchange, place) => {
    if (typeof exchange !== 'object' || exchange === null) refuseRecording(`exchange ${place} is none`)
    const { command, response, failure } = exchange as Partial<Record<string, unknown>>
    const bytes = (text: unknown, what: string): Uint8Array =>
      typeof text === 'string' ? fromHex(text) : refuseRecording(`exchange ${place} has no ${what}`)
    if (response !== undefined) {
      return { command: bytes(command, 'command'), response: bytes(response, 'response'), failure: '' }
    }
    if (typeof failure !== 'string') refuseRecording(`exchange ${place} has no response`)
    return { command: bytes(command, 'command'), response: undefined, failure }
  })
}

/** The first byte that differs. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return at === -1 ? a.length : at
}

function differs(place: number, expected: Exchange | undefined, command: Uint8Array): TrustholdError {
  const what = (bytes: Uint8Array): string => `${nameOf(bytes)} of ${bytes.length} bytes`
  return new TrustholdError('TPM_TRAFFIC_DIFFERS', {
    exchange: place,
    expected: expected === undefined ? 'no more commands' : what(expected.command),
    actual: what(command),
    offset: expected === undefined ? 0 : firstDifference(expected.command, command),
  })
}

/** Recordings may hold what a transport refused as none. */
const nameOf = (command: Uint8Array): string =>
  command.length < headerLength
    ? 'no command'
    : commandName(new DataView(command.buffer, command.byteOffset, command.byteLength).getUint32(6))

/** A channel that knows what comes. */
function createReplay(exchanges: readonly Exchange[]): () => Channel {
  let place = 0
  let difference: TrustholdError | undefined
  let current: Exchange | undefined

  /** What was given up may have been so before it reached the TPM, and then is not said again. */
  const find = (command: Uint8Array): Exchange | undefined => {
    for (;;) {
      const candidate = exchanges[place]
      if (candidate === undefined || equalBytes(candidate.command, command)) return candidate
      if (candidate.response !== undefined) return undefined
      place += 1
    }
  }

  return () => ({
    usable: () => true,
    async write(command) {
      if (difference !== undefined) throw difference
      const start = place
      current = find(command)
      if (current === undefined) {
        difference = differs(start, exchanges[start], command)
        throw difference
      }
      place += 1
    },
    async read() {
      const answer = current
      current = undefined
      // Nothing is answered before the caller had a turn in which to abort, as with every real TPM.
      await new Promise((resolve) => setImmediate(resolve))
      if (answer?.response !== undefined) return answer.response
      // Nobody waited for the end of these, and it is unknown; the caller is to give up again.
      if (answer !== undefined && givenUp.has(answer.failure)) return await new Promise(() => undefined)
      throw new Error(answer === undefined ? 'no command has this answer' : `recorded: ${answer.failure}`)
    },
    destroy: async () => undefined,
  })
}

/**
 * Opens a transport that answers exactly the recorded commands, in the recorded order, with the recorded responses.
 *
 * Commands repeat bit by bit only when everything in them does: nonces and salts have to come from the same randomness
 * as they did when the traffic was recorded. From the first command on that differs nothing is answered.
 *
 * Its `transmit` throws TPM_TRAFFIC_DIFFERS with the place, and TRANSPORT_FAILED for what failed when it was recorded.
 * @throws ARGUMENT_INVALID, BYTES_ENCODING when this is no recording
 */
export async function replayTraffic(recording: TrafficRecording): Promise<TpmTransport> {
  const open = createReplay(readRecording(recording))
  return await openSerialTransport({ endpoint, open: async () => open() })
}
