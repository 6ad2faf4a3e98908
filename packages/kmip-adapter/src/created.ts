/** Resolves to a new object's id; `activate` also activates it. */
export interface CreatedObject extends Promise<string> {
  /** Activates the object once it is there, and resolves to its id. */
  activate(): Promise<string>
}

/** Resolves to the ids of a new pair of keys; `activate` also activates both. */
export interface CreatedKeyPair<T> extends Promise<T> {
  /** Activates both keys once they are there, and resolves to their ids. */
  activate(): Promise<T>
}

/** Lets a promise of something new be followed by its activation. */
export function withActivation<T>(
  created: Promise<T>,
  activate: (value: T) => Promise<unknown>,
): Promise<T> & { activate(): Promise<T> } {
  return Object.assign(created, {
    async activate(): Promise<T> {
      const value = await created
      await activate(value)
      return value
    },
  })
}
