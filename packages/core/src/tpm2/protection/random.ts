import { randomBytes } from 'node:crypto'

/** A source of random bytes. */
export interface Random {
  bytes(length: number): Uint8Array
}

/** The system's. */
export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) }
