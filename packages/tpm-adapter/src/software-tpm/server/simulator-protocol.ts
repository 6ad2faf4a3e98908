import { largestMessage } from '../engine/execute.js'
import type { ByteQueue } from './byte-queue.js'
import {
  type ConnectionHandler,
  highestLocality,
  type Protocol,
  type ServedTpm,
  u32Bytes,
} from './protocol.js'

/** Signals of the reference simulator's two ports. TPM 2.0 reference code, `TpmTcpProtocol.h`. */
const signal = { powerOn: 1, powerOff: 2, sendCommand: 8, reset: 17, sessionEnd: 20, stop: 21 } as const
/** Physical presence, hash start to end, cancelling, and NV memory: acknowledged. */
const acknowledged: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 9, 10, 11, 12, 13])

const ok = u32Bytes(0)
/** TPM_RC_FAILURE: what a TPM without power says here. */
const withoutPower = Uint8Array.from([0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01])

interface Power {
  on: boolean
}

/** Signal, locality, size, command; answered by size, response, zero. */
function readCommand(tpm: ServedTpm, power: Power, input: ByteQueue): Uint8Array | undefined | 'end' {
  const size = input.peekU32(5)
  if (size === undefined) return undefined
  if (size > largestMessage) return 'end'
  const message = input.take(9 + size)
  if (message === undefined) return undefined
  const locality = message[4] ?? 0
  if (locality > highestLocality) return 'end'
  const response = power.on ? tpm.execute(message.subarray(9), locality) : withoutPower
  return Buffer.concat([u32Bytes(response.length), response, ok])
}

function commandPort(tpm: ServedTpm, power: Power): ConnectionHandler {
  return {
    next(input) {
      const code = input.peekU32(0)
      if (code === signal.sendCommand) return readCommand(tpm, power, input)
      return code === undefined ? undefined : 'end'
    },
  }
}

function platformPort(tpm: ServedTpm, power: Power): ConnectionHandler {
  return {
    next(input) {
      const code = input.peekU32(0)
      if (code === undefined) return undefined
      input.take(4)
      if (code === signal.powerOff) power.on = false
      else if (code === signal.powerOn) {
        if (!power.on) tpm.powerCycle()
        power.on = true
      } else if (code === signal.reset) {
        if (power.on) tpm.powerCycle()
      } else if (!acknowledged.has(code)) return 'end'
      return ok
    },
  }
}

/** The protocol of the reference simulator: commands on one port, the platform's signals on the next. */
export function simulatorProtocol(tpm: ServedTpm): Protocol {
  const power = { on: true }
  return {
    tcti: 'mssim',
    commands: () => commandPort(tpm, power),
    control: () => platformPort(tpm, power),
  }
}
