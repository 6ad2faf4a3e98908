import type { Codec, Writer } from '../codec/index.js'

/**
 * A number of which some values have names and the others may get one later: a TPM tells what it has, and a newer one
 * has more than this release knows. Values without a name are read and written as numbers.
 */
export function namedNumber<const E extends Readonly<Record<string, number>>>(
  name: string,
  base: Codec<number>,
  values: E,
): Codec<(keyof E & string) | number> {
  const names = new Map(Object.entries(values).map(([key, value]) => [value, key]))
  return {
    name,
    read(r) {
      const value = base.read(r)
      return names.get(value) ?? value
    },
    write(w: Writer, v) {
      const value = typeof v === 'number' ? v : Object.hasOwn(values, v) ? values[v] : undefined
      if (value === undefined) w.reject(`a name of ${name} or a number`, String(v))
      base.write(w, value)
    },
  }
}
