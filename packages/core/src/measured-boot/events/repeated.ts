import type { Codec, Reader, Writer } from '../../codec/index.js'

/** Values one after the other up to the end of the enclosing structure, without a count; perhaps none. */
export function repeated<T>(inner: Codec<T>): Codec<readonly T[]> {
  return {
    name: `${inner.name}[]`,
    read(r: Reader) {
      const values: T[] = []
      while (r.remaining > 0) {
        const at = r.offset
        values.push(inner.read(r))
        // What takes no bytes would be repeated without end.
        if (r.offset === at) r.reject('a value of one or more bytes', 'none', at)
      }
      return values
    },
    write(w: Writer, values) {
      for (const value of values) inner.write(w, value)
    },
  }
}
