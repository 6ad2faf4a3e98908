/** A set of texts in ascending order of their code units; for keys, which are ASCII, that is the order of bytes. */
export interface SortedKeys {
  add(key: string): void
  remove(key: string): void
  /** At most `count` keys from the first on that is greater than `after`, or not less if `inclusive`. */
  from(after: string, inclusive: boolean, count: number): readonly string[]
}

/** Makes an empty set. Adding and removing move memory, which is fast up to some 100,000 keys. */
export function createSortedKeys(): SortedKeys {
  const keys: string[] = []
  return {
    add(key) {
      const at = findFirst(keys.length, (i) => (keys[i] as string) >= key)
      if (keys[at] !== key) keys.splice(at, 0, key)
    },
    remove(key) {
      const at = findFirst(keys.length, (i) => (keys[i] as string) >= key)
      if (keys[at] === key) keys.splice(at, 1)
    },
    from(after, inclusive, count) {
      const at = findFirst(keys.length, (i) =>
        inclusive ? (keys[i] as string) >= after : (keys[i] as string) > after,
      )
      return keys.slice(at, at + count)
    },
  }
}

/**
 * The first of the indexes 0 to `length` - 1 that fits, or `length` when none does.
 * @param fits false for all indexes up to some point, true for all from there on
 */
export function findFirst(length: number, fits: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (fits(middle)) high = middle
    else low = middle + 1
  }
  return low
}
