/** Numbers that a seed decides, so that a run can be had again. */
export interface SeededRandom {
  /** A whole number of `least` to `most`. */
  between(least: number, most: number): number
}

/** Mulberry32: fast and good enough to choose what goes wrong when. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { between: (least, most) => least + Math.floor(next() * (most - least + 1)) }
}
