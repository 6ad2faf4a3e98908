import { type Codec, u8 } from '../codec/index.js'

/** Localities 0 to 4 have a bit each; higher ones are the whole byte. */
const bitLocalities = 5
const leastExtended = 32

/**
 * TPMA_LOCALITY: localities, ascending. Any of 0 to 4, or one extended locality (32 to 255) alone; empty when none is
 * named. Part 2, section 8.5.
 */
export type TpmaLocality = readonly number[]

/** Codec of {@link TpmaLocality}. */
export const tpmaLocality: Codec<TpmaLocality> = {
  name: 'TPMA_LOCALITY',
  read(r) {
    const value = r.u8()
    if (value >= leastExtended) return [value]
    return Array.from({ length: bitLocalities }, (_, locality) => locality).filter(
      (locality) => ((value >> locality) & 1) === 1,
    )
  },
  write(w, v) {
    const [first] = v
    if (v.length === 1 && first !== undefined && first >= leastExtended) return u8.write(w, first)
    let value = 0
    for (const [i, locality] of v.entries()) {
      const good = Number.isInteger(locality) && locality < bitLocalities && locality > (v[i - 1] ?? -1)
      if (!good) w.reject('ascending localities of 0 to 4, or one of 32 to 255', v.join(', '))
      value |= 1 << locality
    }
    u8.write(w, value)
  },
}
