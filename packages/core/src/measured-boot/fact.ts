/**
 * Something that a log says. Only a verified one has a `value`: the PCR is proved by a quote and the event's digest
 * covers the data that says it. Otherwise there is at most a `hint`, good for showing and never for deciding.
 *
 * A verified list is complete: nothing of its kind was measured beside it. What is not verified may also be true.
 */
export type Fact<T> =
  | {
      readonly verified: true
      readonly value: T
      /** The event that says it, by index; absent when the PCR as a whole does, as with a list or an absence. */
      readonly event?: number
    }
  | {
      readonly verified: false
      readonly hint: T | undefined
      /** Why it is not verified. */
      readonly reason: string
    }

/** A fact that a quote proves. @param event the event that says it; none when the PCR as a whole does */
export function provedFact<T>(value: T, event?: number): Fact<T> {
  return event === undefined ? { verified: true, value } : { verified: true, value, event }
}

/** A fact that is not proved. @param hint what it would be if the log could be believed */
export function doubtedFact<T>(reason: string, hint?: T): Fact<T> {
  return { verified: false, hint, reason }
}

/** A fact made of another one: what `convert` makes of its value or hint, with the same reason or event. */
export function mapFact<T, U>(fact: Fact<T>, convert: (value: T) => U): Fact<U> {
  if (fact.verified) return provedFact(convert(fact.value), fact.event)
  return doubtedFact(fact.reason, fact.hint === undefined ? undefined : convert(fact.hint))
}
