/** Random numbers that a seed gives again: xoshiro128**, by Blackman and Vigna, seeded with splitmix32. */
export interface Random {
  /** An integer of 0 to `limit - 1`. */
  below(limit: number): number
}

/** Makes a source of random numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  let [a, b, c, d] = [next(), next(), next(), next()] as [number, number, number, number]
  return {
    below(limit) {
      const product = Math.imul(b, 5)
      const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = (d << 11) | (d >>> 21)
      return result % limit
    },
  }
}
