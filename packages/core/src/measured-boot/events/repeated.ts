import type { Codec, Reader, Writer } from '../../codec/index.js'

/**
 * Values one after the other up to the end of the enclosing structure, without a count; perhaps none.
 * @param inner takes at least one byte: what takes none would be repeated without end
 */
export function repeated<T>(inner: Codec<T>): Codec<readonly T[]> {
  return {
    name: `${inner.name}[]`,
    read(r: Reader) {
      const values: T[] = []
      while (r.remaining > 0) values.push(inner.read(r))
      return values
    },
    write(w: Writer, values) {
      for (const value of values) inner.write(w, value)
    },
  }
}
