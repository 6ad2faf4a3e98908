import { decode, encode, u32 } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import { type Conversation, holdConversation } from './short-conversation.js'
import { acknowledgement, platformPort } from './simulator-protocol.js'
import { endpointOf, type SocketAddress } from './socket-channel.js'

/** The machine around a simulated TPM. Every call has a connection of its own, as simulators serve one at a time. */
export interface SimulatorPlatform {
  /** Switches the TPM on and lets it at its NV memory; it then waits for TPM2_Startup. */
  powerOn(): Promise<void>
  /** Switches it off: PCRs, sessions and objects are gone. */
  powerOff(): Promise<void>
  /** The reset line of a TPM that is switched on. */
  reset(): Promise<void>
  /** Whether NV memory can be reached; without it commands that need it answer TPM_RC_NV_UNAVAILABLE. */
  setNvAvailable(available: boolean): Promise<void>
  /** The button that tells a person at the machine from a program. */
  setPhysicalPresence(present: boolean): Promise<void>
  /** Stops the command that is running, if it can be stopped, with TPM_RC_CANCELED; later ones are not concerned. */
  cancelCommand(): Promise<void>
  /** Ends the simulator. */
  stop(): Promise<void>
}

type Request = keyof typeof platformPort

/**
 * The platform port of a simulator, 2322 as a rule. Nothing is sent before the first call.
 *
 * Every method throws TRANSPORT_FAILED or TRANSPORT_TIMEOUT when there is no simulator to talk to, and
 * TPM_CONTROL_REFUSED when it answers something else than that it did what it was told.
 * @param options.timeoutMs for one call, 10,000 by default
 */
export function openSimulatorPlatform(
  address: SocketAddress,
  options: { timeoutMs?: number } = {},
): SimulatorPlatform {
  const where = { address, timeoutMs: options.timeoutMs ?? 10_000 }

  const signal = async (io: Conversation, command: Request): Promise<void> => {
    await io.write(encode(u32, platformPort[command]))
    const result = decode(u32, await io.take(4))
    if (result === acknowledgement) return
    throw new TrustholdError('TPM_CONTROL_REFUSED', { endpoint: endpointOf(address), command, result })
  }

  const send = (...requests: readonly Request[]): Promise<void> =>
    holdConversation(where, async (io) => {
      for (const request of requests) await signal(io, request)
      await io.write(encode(u32, platformPort.endSession))
    })

  return {
    powerOn: () => send('powerOn', 'nvOn'),
    powerOff: () => send('powerOff'),
    reset: () => send('reset'),
    setNvAvailable: (available) => send(available ? 'nvOn' : 'nvOff'),
    setPhysicalPresence: (present) => send(present ? 'physicalPresenceOn' : 'physicalPresenceOff'),
    cancelCommand: () => send('cancelOn', 'cancelOff'),
    // The simulator ends without an answer.
    stop: () => holdConversation(where, (io) => io.write(encode(u32, platformPort.stop))),
  }
}
