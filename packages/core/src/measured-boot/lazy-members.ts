/**
 * An object whose members are found out when they are first asked for, each once. What a log says of a boot is mostly
 * not asked for, and to answer takes hashing.
 */
export function lazyMembers<T extends object>(readers: { readonly [K in keyof T]: () => T[K] }): T {
  const object = {}
  for (const key of Object.keys(readers) as (keyof T & string)[]) {
    Object.defineProperty(object, key, {
      enumerable: true,
      configurable: true,
      get() {
        const value = readers[key]()
        Object.defineProperty(object, key, { enumerable: true, configurable: true, value })
        return value
      },
    })
  }
  return object as T
}
