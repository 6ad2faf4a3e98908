import { equalBytes } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'
import { eventTypes } from '../tcg/event-types.js'

/** PCRs in which the firmware ends its part with a separator: 0 to 7. */
export const separatedPcrs: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7]

/**
 * How the firmware's part of a PCR ends.
 * - `present`: with exactly one separator.
 * - `error`: with the separator that says that the firmware failed.
 * - `missing`: with none; what follows cannot be told from what came before.
 * - `repeated`: there are more; only the first is the firmware's.
 * - `mislabelled`: a separator's digest under another type, or another digest under a separator's type.
 * - `unproven`: the log was not compared with a value of this PCR, or does not give it alone.
 */
export type SeparatorState = 'present' | 'error' | 'missing' | 'repeated' | 'mislabelled' | 'unproven'

/** What is known of the separator in one PCR. */
export interface SeparatorFact {
  readonly pcr: number
  readonly state: SeparatorState
  /** Events of the log, by index, that led to it. */
  readonly events: readonly number[]
}

/** Tells separators by their digest, which is measured; the type is only a label. */
export interface SeparatorDigests {
  /** `normal` for a boot that goes on, `error` for firmware that failed; undefined for anything else. */
  kindOf(event: TcgEvent): 'normal' | 'error' | undefined
}

/** Data of separators: 0 or 0xffffffff, and 1 for an error. PC Client Platform Firmware Profile, section 10.4.1. */
export function separatorDigests(bank: HashAlgorithm): SeparatorDigests {
  const digest = (...data: number[]): Uint8Array => digestOf(bank, Uint8Array.from(data))
  const normal = [digest(0, 0, 0, 0), digest(0xff, 0xff, 0xff, 0xff)]
  const error = digest(1, 0, 0, 0)
  return {
    kindOf(event) {
      const found = event.digest(bank)
      if (found === undefined) return undefined
      if (normal.some((one) => equalBytes(one, found))) return 'normal'
      return equalBytes(error, found) ? 'error' : undefined
    },
  }
}

/** Looks for the separators in PCRs 0 to 7. */
export function findSeparators(log: ProvedLog, digests: SeparatorDigests): readonly SeparatorFact[] {
  return separatedPcrs.map((pcr) => {
    const events = log
      .eventsOf(pcr)
      .filter((event) => event.type === eventTypes.EV_SEPARATOR || digests.kindOf(event) !== undefined)
    // What another log has of the PCR may be one more separator.
    const known = log.isProved(pcr) && log.laterEventsOf(pcr).length === 0
    const state = known ? stateOf(events, digests) : 'unproven'
    return { pcr, state, events: events.map(({ index }) => index) }
  })
}

function stateOf(events: readonly TcgEvent[], digests: SeparatorDigests): SeparatorState {
  if (events.length === 0) return 'missing'
  const kinds = events.map((event) => digests.kindOf(event))
  const labelled = events.every(({ type }) => type === eventTypes.EV_SEPARATOR)
  if (!labelled || kinds.includes(undefined)) return 'mislabelled'
  if (kinds.includes('error')) return 'error'
  return events.length === 1 ? 'present' : 'repeated'
}
