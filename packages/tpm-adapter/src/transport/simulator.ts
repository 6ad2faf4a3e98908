import { concatBytes } from '@trusthold/core/bytes'
import { decode, encode, u32 } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import { createByteReader } from './byte-reader.js'
import type { Channel } from './channel.js'
import { checkCommand, refuseResponse } from './framing.js'
import { openSerialTransport, type TransportOptions } from './serial-transport.js'
import { openSimulatorPlatform } from './simulator-platform.js'
import { acknowledgement, commandPort } from './simulator-protocol.js'
import { endpointOf, openSocketChannel } from './socket-channel.js'

/** What {@link connectSimulator} takes. */
export interface SimulatorOptions extends TransportOptions {
  /** `127.0.0.1` by default. The connection is neither encrypted nor authenticated. */
  host?: string
  /** Of the simulator's commands: 2321 by default. */
  port?: number
  /** Of its platform, 2322 as a rule: a command that is given up is then cancelled through it. */
  platformPort?: number
  /** Locality of every command, 0 to 4; 0 by default. */
  locality?: number
}

/** No TPM 2.0 sends more. */
const maxMessageLength = 65_536

/** Puts commands into messages and takes responses out of them. */
function inMessages(socket: Channel, locality: number): Channel {
  const reader = createByteReader(() => socket.read())
  /** The command that has no answer yet. */
  let owed: string | undefined

  const readNumber = async (): Promise<number> => decode(u32, await reader.take(4))

  const readMessage = async (command: string): Promise<Uint8Array> => {
    const length = await readNumber()
    if (length === 0) throw new Error('the simulated TPM is switched off')
    if (length > maxMessageLength) refuseResponse(command, `a message of ${length} bytes`, 0)
    const response = await reader.take(length)
    const end = await readNumber()
    if (end !== acknowledgement) refuseResponse(command, `its message ends with ${end}`, length)
    return response
  }

  return {
    usable: () => !reader.hasMore() && socket.usable(),
    async write(command) {
      owed = checkCommand(command)
      const head = [encode(u32, commandPort.sendCommand), Uint8Array.of(locality)]
      await socket.write(concatBytes(...head, encode(u32, command.length), command))
    },
    async read() {
      const command = owed
      owed = undefined
      if (command !== undefined) return await readMessage(command)
      throw new Error('the message is shorter than the response in it')
    },
    destroy: () => socket.destroy(),
  }
}

/**
 * Connects to a TPM behind the protocol of the reference implementation's simulator; swtpm takes it on its data channel
 * as well. A simulator has to be switched on first, see {@link openSimulatorPlatform}.
 * @throws ARGUMENT_INVALID for a locality that is none
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT
 */
export async function connectSimulator(options: SimulatorOptions = {}): Promise<TpmTransport> {
  const { host = '127.0.0.1', port = 2321, platformPort, locality = 0, ...rest } = options
  if (![0, 1, 2, 3, 4].includes(locality)) {
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'locality', reason: `${locality} is not 0 to 4` })
  }
  const { connectTimeoutMs: timeoutMs = 10_000 } = rest
  const platform =
    platformPort === undefined
      ? undefined
      : openSimulatorPlatform({ host, port: platformPort }, { timeoutMs })
  return await openSerialTransport({
    ...rest,
    ...(platform === undefined ? {} : { cancel: () => platform.cancelCommand() }),
    endpoint: endpointOf({ host, port }),
    open: async (signal) => inMessages(await openSocketChannel({ host, port }, signal), locality),
  })
}
