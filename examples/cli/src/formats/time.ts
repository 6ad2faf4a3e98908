const dateOnly = /^\d{4}-\d{2}-\d{2}$/
const dateAndTime = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/

/**
 * Reads a moment (RFC 3339): a date, meaning its start in UTC, or date and time with their offset from UTC.
 * @returns milliseconds since 1970; undefined when it is none, such as February 30
 */
export function parseTime(text: string): number | undefined {
  const wall = dateOnly.test(text) ? `${text}T00:00:00` : dateAndTime.exec(text)?.[1]
  if (wall === undefined) return undefined
  // Date rolls days over that a month does not have.
  const written = new Date(`${wall}Z`)
  if (Number.isNaN(written.getTime()) || !written.toISOString().startsWith(wall)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** A moment as RFC 3339 has it, in UTC. */
export function showTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z')
}
