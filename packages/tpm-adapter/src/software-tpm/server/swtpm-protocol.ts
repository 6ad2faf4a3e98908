import { largestMessage } from '../engine/execute.js'
import type { ByteQueue } from './byte-queue.js'
import {
  type ConnectionHandler,
  highestLocality,
  type Protocol,
  type ServedTpm,
  u32Bytes,
} from './protocol.js'

/** Commands of the control channel that are answered. swtpm's `tpm_ioctl.h`. */
const control = {
  getCapability: 1,
  init: 2,
  shutdown: 3,
  getEstablished: 4,
  setLocality: 5,
  cancel: 9,
  storeVolatile: 10,
  resetEstablished: 11,
  stop: 14,
  getConfig: 15,
  setBufferSize: 17,
} as const

const known: ReadonlySet<number> = new Set(Object.values(control))

/** Length of a request's body, by command. */
const bodyLengths = new Map<number, number>([
  [control.init, 4],
  [control.setLocality, 1],
  [control.resetEstablished, 1],
  [control.setBufferSize, 4],
])

/** Bits of PTM_CAP for the commands above. */
const capabilities = 0b1_0010_0010_1111
/** TPM_BAD_LOCALITY, TPM_BAD_ORDINAL of TPM 1.2, which the protocol goes back to. */
const [badLocality, badOrdinal] = [0x3d, 0x0a]
const ok = u32Bytes(0)

/** One command, framed by the size in its header. A size that cannot be ends the connection after the answer. */
function commandChannel(tpm: ServedTpm, locality: () => number): ConnectionHandler {
  let broken = false
  return {
    next(input) {
      if (broken) return 'end'
      const size = input.peekU32(2)
      if (size === undefined) return undefined
      broken = size < 10 || size > largestMessage
      const command = input.take(broken ? input.length : size)
      return command === undefined ? undefined : tpm.execute(command, locality())
    },
  }
}

function answerControl(
  tpm: ServedTpm,
  state: { locality: number },
  command: number,
  body: Uint8Array,
): Uint8Array {
  switch (command) {
    case control.getCapability:
      return Buffer.concat([u32Bytes(0), u32Bytes(capabilities)])
    case control.init:
      tpm.powerCycle()
      return ok
    case control.getEstablished:
    case control.getConfig:
      return Buffer.concat([ok, ok])
    case control.setLocality: {
      const locality = body[0] ?? 0
      if (locality > highestLocality) return u32Bytes(badLocality)
      state.locality = locality
      return ok
    }
    case control.setBufferSize:
      return Buffer.concat([ok, ...[largestMessage, largestMessage, largestMessage].map(u32Bytes)])
    case control.shutdown:
    case control.cancel:
    case control.storeVolatile:
    case control.resetEstablished:
    case control.stop:
      // A command is over before the next bytes are read: there is nothing to cancel, and nothing to wait for.
      return ok
    default:
      return u32Bytes(badOrdinal)
  }
}

/** Nobody knows where a request ends that is unknown: the answer to it is the last one. */
function controlChannel(tpm: ServedTpm, state: { locality: number }): ConnectionHandler {
  let broken = false
  return {
    next(input: ByteQueue) {
      if (broken) return 'end'
      const command = input.peekU32(0)
      if (command === undefined) return undefined
      broken = !known.has(command)
      const request = input.take(4 + (bodyLengths.get(command) ?? 0))
      return request === undefined ? undefined : answerControl(tpm, state, command, request.subarray(4))
    },
  }
}

/** The protocol of swtpm's sockets: bare commands on one port, a control channel on the next. */
export function swtpmProtocol(tpm: ServedTpm): Protocol {
  const state = { locality: 0 }
  return {
    tcti: 'swtpm',
    commands: () => commandChannel(tpm, () => state.locality),
    control: () => controlChannel(tpm, state),
  }
}
