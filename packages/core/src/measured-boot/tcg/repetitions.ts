import type { TcgEvent } from './event-log.js'

/** Fewer events than these in a row can be alike by chance. */
const leastOverlap = 2

/** Events that are there twice in a row: `count` events from `event` on are the `count` before them again. */
export interface Overlap {
  readonly event: number
  readonly count: number
}

/**
 * Finds the first place where several events are there twice in a row.
 * @param pcrs at least one of the events is of one of these
 */
export function findOverlap(events: readonly TcgEvent[], pcrs: readonly number[]): Overlap | undefined {
  const numbers = numberContents(events)
  const last = new Map<number, number>()
  for (const [i, number] of numbers.entries()) {
    const before = last.get(number)
    last.set(number, i)
    if (before === undefined) continue
    const count = i - before
    if (count < leastOverlap || !isRepeatedAt(numbers, i, count)) continue
    if (events.slice(i, i + count).some(({ pcr }) => pcrs.includes(pcr))) return { event: i, count }
  }
  return undefined
}

/** Events of some PCRs that have all that an event before them has: PCR, type, digests, data. */
export function findRepeated(events: readonly TcgEvent[], pcrs: readonly number[]): readonly TcgEvent[] {
  const seen = new Set<number>()
  const numbers = numberContents(events)
  return events.filter((event, i) => {
    const number = numbers[i] as number
    const again = seen.has(number)
    seen.add(number)
    return again && event.extends && pcrs.includes(event.pcr)
  })
}

function isRepeatedAt(numbers: readonly number[], at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (numbers[at + i] !== numbers[at - count + i]) return false
  return true
}

/** The same number for events with the same content. */
function numberContents(events: readonly TcgEvent[]): readonly number[] {
  const known = new Map<string, number>()
  return events.map(({ pcr, type, digests, data }) => {
    const content = [pcr, type, ...[...digests.values()].map(asText), asText(data)].join('|')
    const number = known.get(content) ?? known.size
    known.set(content, number)
    return number
  })
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
