import { type Codec, encode, sizedBytes, u16 } from '@trusthold/core/codec'

/**
 * A sized buffer (TPM2B_*) that is handled with its size, as it came from somewhere else: whoever it is for judges it.
 * @param max of its content, in bytes
 */
export function wholeBuffer(name: string, max: number): Codec<Uint8Array> {
  const content = sizedBytes(u16, max)
  return { name, read: (r) => encode(content, content.read(r)), write: (w, v) => w.bytes(v) }
}
