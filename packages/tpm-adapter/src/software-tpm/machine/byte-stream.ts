import { concatBytes } from '@trusthold/core/bytes'
import { kdfa } from '@trusthold/core/tpm2'

/** Bytes to make keys of: random ones, or always the same from a seed. */
export interface ByteStream {
  bytes(length: number): Uint8Array
}

const nothing = new Uint8Array()

function counterBytes(counter: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, counter)
  return bytes
}

/** The bytes that belong to a key, the same for the same key: KDFa in counter mode. Part 1, section 14.3. */
export function seededStream(key: Uint8Array, label: string): ByteStream {
  let counter = 0
  return {
    bytes(length) {
      counter++
      return kdfa('sha512', concatBytes(key), label, counterBytes(counter), nothing, length * 8)
    },
  }
}
