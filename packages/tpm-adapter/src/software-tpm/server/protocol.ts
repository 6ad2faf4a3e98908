import type { ByteQueue } from './byte-queue.js'

/** What a server does with what came on a connection. */
export interface ConnectionHandler {
  /**
   * Answers one request, when all of it is there.
   * @returns the answer; undefined when more has to come; `end` when the connection is to be closed
   */
  next(input: ByteQueue): Uint8Array | undefined | 'end'
}

/** A protocol on two ports: one for commands, the next one for everything around them. */
export interface Protocol {
  /** Name of tpm2-tss's module that speaks it. */
  readonly tcti: 'swtpm' | 'mssim'
  commands(): ConnectionHandler
  control(): ConnectionHandler
}

/** Localities are 0 to 4; what is above 31 is none of a PC's. */
export const highestLocality = 4

/** What protocols need of a TPM. */
export interface ServedTpm {
  execute(command: Uint8Array, locality?: number): Uint8Array
  powerCycle(): void
}

/** A number as 32 bits, big-endian. */
export function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
