import { concatBytes, fromUtf8 } from '@trusthold/core/bytes'
import { type Codec, decode, encode, flags, struct, u32 } from '@trusthold/core/codec'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import { type Conversation, type ConversationOptions, holdConversation } from './short-conversation.js'
import { endpointOf, type SocketAddress } from './socket-channel.js'

/**
 * What swtpm's control channel can be asked for, each with the bit that announces it (PTM_CAP_*). The commands, their
 * numbers and their structures are described in swtpm's manual page swtpm_ioctls(3).
 */
const capabilityBits = {
  initialize: 0,
  shutDown: 1,
  getEstablished: 2,
  setLocality: 3,
  hash: 4,
  cancelCommand: 5,
  storeVolatile: 6,
  resetEstablished: 7,
  getState: 8,
  setState: 9,
  stop: 10,
  getConfiguration: 11,
  setDataDescriptor: 12,
  setBufferSize: 13,
  getInfo: 14,
  sendCommandHeader: 15,
  lockStorage: 16,
} as const

/** Something that a control channel can be asked for. */
export type SwtpmCapability = keyof typeof capabilityBits

/** CMD_*, the number that a request starts with. */
const commands = {
  getCapability: 0x01,
  initialize: 0x02,
  shutDown: 0x03,
  getEstablished: 0x04,
  setLocality: 0x05,
  cancelCommand: 0x09,
  storeVolatile: 0x0a,
  resetEstablished: 0x0b,
  stop: 0x0e,
  getConfiguration: 0x0f,
  setBufferSize: 0x11,
  getInfo: 0x12,
} as const

type CommandName = keyof typeof commands

const configurationFlags = flags('ptm_getconfig', u32, { fileKey: 0, migrationKey: 1 })
const bufferSizes = struct('ptm_setbuffersize', { size: u32, minimum: u32, maximum: u32 })
const infoHeader = struct('ptm_getinfo', { total: u32, length: u32 })

/** Sizes of swtpm's command and response buffer, in bytes. */
export interface SwtpmBufferSize {
  readonly size: number
  readonly minimum: number
  readonly maximum: number
}

/** The control channel of an swtpm. Every call has a connection of its own, as swtpm serves one client at a time. */
export interface SwtpmControl {
  /** What this swtpm can be asked for. */
  capabilities(): Promise<readonly SwtpmCapability[]>
  /**
   * Switches the TPM on, or off and on: after it the TPM waits for TPM2_Startup, unless a volatile state was stored,
   * which it goes on with. `deleteVolatile` forgets that state once it was taken up.
   */
  initialize(options?: { deleteVolatile?: boolean }): Promise<void>
  /** Switches the TPM off; the process stays. */
  stop(): Promise<void>
  /** Ends the process. */
  shutDown(): Promise<void>
  /** The bit that a dynamic launch (H-CRTM) sets. */
  getEstablished(): Promise<boolean>
  /** @param locality that is allowed to, 3 or 4 */
  resetEstablished(locality: number): Promise<void>
  /** Locality of the commands that follow, 0 to 4. */
  setLocality(locality: number): Promise<void>
  /** Asks for the end of the command that is running; it answers TPM_RC_CANCELED if it can be stopped, or ends as usual. */
  cancelCommand(): Promise<void>
  /** Stores PCRs, sessions and objects, for the next start to go on with. */
  storeVolatile(): Promise<void>
  /** With which keys swtpm encrypts its state. */
  getConfiguration(): Promise<{ readonly fileKey: boolean; readonly migrationKey: boolean }>
  /** @param size in bytes, for a TPM that is switched off; only asks when it is missing */
  setBufferSize(size?: number): Promise<SwtpmBufferSize>
  /** What libtpms says of itself: specification, attributes and features. */
  getInfo(): Promise<unknown>
}

/** Every part of TPMLIB_GetInfo that a TPM 2.0 has: TPMSPECIFICATION, TPMATTRIBUTES, TPMFEATURES. */
const infoParts = 7n
/** libtpms tells some hundred bytes; what claims to be more is not it. */
const maxInfoLength = 65_536

function u32Bytes(...values: readonly number[]): Uint8Array {
  return concatBytes(...values.map((value) => encode(u32, value)))
}

/** Asks and checks the result, which every response starts with. */
async function ask(io: Conversation, endpoint: string, name: CommandName, body: Uint8Array): Promise<void> {
  await io.write(concatBytes(u32Bytes(commands[name]), body))
  const result = decode(u32, await io.take(4))
  if (result !== 0) throw new TrustholdError('TPM_CONTROL_REFUSED', { endpoint, command: name, result })
}

/** The text that libtpms describes itself with, piece by piece. */
async function readInfo(io: Conversation, endpoint: string): Promise<string> {
  const pieces: Uint8Array[] = []
  for (let offset = 0; ; ) {
    const request = new DataView(new ArrayBuffer(16))
    request.setBigUint64(0, infoParts)
    request.setUint32(8, offset)
    await ask(io, endpoint, 'getInfo', new Uint8Array(request.buffer))
    const { total, length } = decode(infoHeader, await io.take(8))
    if (length === 0 || length > total - offset || total > maxInfoLength) {
      throw new Error(`${length} bytes at ${offset} of ${total}`)
    }
    pieces.push(await io.take(length))
    offset += length
    // The text ends with a NUL, which counts.
    if (offset === total) return fromUtf8(concatBytes(...pieces).subarray(0, -1))
  }
}

/**
 * The control channel of an swtpm, its `--ctrl` option. Nothing is sent before the first call.
 *
 * Every method throws TRANSPORT_FAILED or TRANSPORT_TIMEOUT when swtpm cannot be talked to, and TPM_CONTROL_REFUSED
 * with swtpm's result code when it does not do what it is asked to.
 * @param options.timeoutMs for one call, 10,000 by default; swtpm answers when the command that is running has ended
 */
export function openSwtpmControl(address: SocketAddress, options: { timeoutMs?: number } = {}): SwtpmControl {
  const endpoint = endpointOf(address)
  const where: ConversationOptions = { address, timeoutMs: options.timeoutMs ?? 10_000 }

  const call = (name: CommandName, body: Uint8Array = new Uint8Array()): Promise<void> =>
    holdConversation(where, (io) => ask(io, endpoint, name, body))

  const read = <T>(name: CommandName, body: Uint8Array, length: number, codec: Codec<T>): Promise<T> =>
    holdConversation(where, async (io) => {
      await ask(io, endpoint, name, body)
      return decode(codec, await io.take(length))
    })

  return {
    async capabilities() {
      // 64 bits, the upper half of which is the result in newer descriptions; it has always been zero.
      const bits = await read('getCapability', new Uint8Array(), 4, u32)
      const names = Object.entries(capabilityBits) as [SwtpmCapability, number][]
      return names.filter(([, bit]) => ((bits >>> bit) & 1) === 1).map(([name]) => name)
    },
    initialize: ({ deleteVolatile = false } = {}) => call('initialize', u32Bytes(deleteVolatile ? 1 : 0)),
    stop: () => call('stop'),
    shutDown: () => call('shutDown'),
    async getEstablished() {
      // One byte and three of padding.
      const [bit] = await holdConversation(where, async (io) => {
        await ask(io, endpoint, 'getEstablished', new Uint8Array())
        return await io.take(4)
      })
      return bit !== 0
    },
    resetEstablished: (locality) => call('resetEstablished', Uint8Array.of(locality)),
    setLocality: (locality) => call('setLocality', Uint8Array.of(locality)),
    cancelCommand: () => call('cancelCommand'),
    storeVolatile: () => call('storeVolatile'),
    getConfiguration: () => read('getConfiguration', new Uint8Array(), 4, configurationFlags),
    setBufferSize: (size = 0) => read('setBufferSize', u32Bytes(size), 12, bufferSizes),
    getInfo: () =>
      holdConversation(where, async (io) => {
        const text = await readInfo(io, endpoint)
        try {
          return JSON.parse(text) as unknown
        } catch (error) {
          throw new Error(`no JSON: ${describeError(error)}`, { cause: error })
        }
      }),
  }
}
