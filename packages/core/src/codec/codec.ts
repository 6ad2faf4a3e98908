import { toCodecError } from './failure.js'
import { Reader } from './reader.js'
import { Writer } from './writer.js'

/** One definition of a wire structure: it reads, it writes, and its type parameter is what it reads. */
export interface Codec<T> {
  /** Name of the structure as its specification writes it; the root of paths in errors. */
  readonly name: string
  read(reader: Reader): T
  write(writer: Writer, value: T): void
}

/** The type that a codec reads. */
export type Infer<C> = C extends Codec<infer T> ? T : never

/**
 * Reads a structure that takes up the whole input.
 * @throws CODEC_UNDERFLOW, CODEC_TRAILING, CODEC_VALUE, CODEC_LIMIT with path and offset
 */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  try {
    const reader = new Reader(bytes)
    const value = codec.read(reader)
    reader.end()
    return value
  } catch (error) {
    throw toCodecError(error, codec.name)
  }
}

/**
 * Reads a structure at the start of the input and tells how many bytes it took.
 * @param start where the structure starts; offsets in errors count from the start of `bytes`
 * @throws CODEC_UNDERFLOW, CODEC_VALUE, CODEC_LIMIT with path and offset; ARGUMENT_INVALID when `start` lies outside
 */
export function decodePrefix<T>(codec: Codec<T>, bytes: Uint8Array, start = 0): { value: T; length: number } {
  try {
    const reader = new Reader(bytes, start)
    const value = codec.read(reader)
    return { value, length: reader.offset - start }
  } catch (error) {
    throw toCodecError(error, codec.name)
  }
}

/**
 * Writes a structure.
 * @throws CODEC_RANGE with the path of the value that does not fit
 */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  try {
    const writer = new Writer()
    codec.write(writer, value)
    return writer.finish()
  } catch (error) {
    throw toCodecError(error, codec.name)
  }
}
