/**
 * Something that a log says. Only a verified one has a `value`: the PCR is proved by a quote and the event's digest
 * covers the data that says it. Otherwise there is at most a `hint`, good for showing and never for deciding.
 */
export type Fact<T> =
  | {
      readonly verified: true
      readonly value: T
      /** The event that says it, by index. */
      readonly event: number
    }
  | {
      readonly verified: false
      readonly hint: T | undefined
      /** Why it is not verified. */
      readonly reason: string
    }
