import { type CommandName, commandCodes } from '@trusthold/core/tpm2'

/** Bytes of hexadecimal digits; spaces separate what belongs together. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Joins. */
export const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** A number in 8, 16, 32 or 64 bits. */
export const u8 = (value: number): Uint8Array => Uint8Array.of(value)
export const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
export const u32 = (value: number): Uint8Array => join(u16(value >>> 16), u16(value & 0xffff))

/** A TPM2B. */
export const sized = (...parts: readonly Uint8Array[]): Uint8Array => {
  const content = join(...parts)
  return join(u16(content.length), content)
}

/** Empty TPM2B. */
export const nothing = u16(0)

/** Password authorisation. */
export const password = (value: Uint8Array = new Uint8Array()): Uint8Array =>
  join(u32(0x4000_0009), nothing, u8(1), sized(value))

/** A session that needs no HMAC: a policy without secrets. */
export const bare = (handle: number): Uint8Array => join(u32(handle), nothing, u8(1), nothing)

/** What a command is made of. */
export interface Parts {
  readonly handles?: readonly number[]
  /** Encoded authorisations. */
  readonly sessions?: readonly Uint8Array[]
  readonly parameters?: readonly Uint8Array[]
}

/** A whole command. */
export function command(name: CommandName | number, parts: Parts = {}): Uint8Array {
  const { handles = [], sessions = [], parameters = [] } = parts
  const area = join(...sessions)
  const body = join(
    ...handles.map(u32),
    ...(sessions.length === 0 ? [] : [u32(area.length), area]),
    ...parameters,
  )
  const code = typeof name === 'number' ? name : commandCodes[name]
  return join(u16(sessions.length === 0 ? 0x8001 : 0x8002), u32(body.length + 10), u32(code), body)
}

/** The same bytes with the size that they have in the header. */
export function resized(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy.set(u32(copy.length), 2)
  return copy
}

/** Response code. */
export const codeOf = (response: Uint8Array): number => Buffer.from(response).readUInt32BE(6)

/** Reads a response's parameters in order. */
export class Answer {
  readonly #bytes: Buffer
  #at: number

  /** @param handles before the parameters @param sessions whether a size stands before them */
  constructor(response: Uint8Array, { sessions, handle = false }: { sessions: boolean; handle?: boolean }) {
    this.#bytes = Buffer.from(response)
    if (codeOf(response) !== 0) throw new Error(`response code 0x${codeOf(response).toString(16)}`)
    this.handle = handle ? this.#bytes.readUInt32BE(10) : 0
    this.#at = 10 + (handle ? 4 : 0) + (sessions ? 4 : 0)
  }

  readonly handle: number

  /** The next TPM2B with its size. */
  sized(): Uint8Array {
    const size = this.#bytes.readUInt16BE(this.#at)
    return this.take(2 + size)
  }

  take(length: number): Uint8Array {
    const start = this.#at
    this.#at += length
    return new Uint8Array(this.#bytes.subarray(start, this.#at))
  }
}
