import { equalBytes, toHex } from '../bytes/index.js'
import type { ProvedBoot } from './log-checks.js'
import type { PcrValues } from './quote-checks.js'

interface Entry {
  readonly bytes: Uint8Array
  readonly pcrs: readonly PcrValues[]
  readonly judged: ProvedBoot
}

/** By default logs of 64 MiB are remembered: those of a thousand hosts. */
const defaultLimit = 64 * 1024 * 1024
/** What is kept beside the shortest log takes more than ten times its bytes, so that these alone are no limit. */
const defaultMost = 4_096

/**
 * Event logs that were judged and found to replay to PCR values. A host that attests again shows the log of the same
 * boot with the same values; both are compared byte for byte with what was judged, which costs a twentieth of judging
 * anew. Only what passed is remembered; the oldest goes first.
 */
export class JudgedLogs {
  readonly #entries = new Map<string, Entry>()
  readonly #limit: number
  readonly #most: number
  #size = 0

  /**
   * @param limit bytes of logs that are kept at most; 64 MiB by default
   * @param most logs that are kept at most; 4,096 by default
   */
  constructor(limit: number = defaultLimit, most: number = defaultMost) {
    this.#limit = limit
    this.#most = most
  }

  /**
   * What is known of exactly this log with exactly these values.
   * @param pcrDigest the quote's digest over the values, under which it was remembered
   */
  find(pcrDigest: Uint8Array, bytes: Uint8Array, pcrs: readonly PcrValues[]): ProvedBoot | undefined {
    const entry = this.#entries.get(keyOf(pcrDigest, bytes))
    if (entry === undefined || !samePcrs(entry.pcrs, pcrs)) return undefined
    return Buffer.compare(entry.bytes, bytes) === 0 ? entry.judged : undefined
  }

  /**
   * Remembers a log that was judged.
   * @param bytes the log; it must not be changed afterwards, so it should be a copy of its own
   */
  remember(pcrDigest: Uint8Array, bytes: Uint8Array, pcrs: readonly PcrValues[], judged: ProvedBoot): void {
    const key = keyOf(pcrDigest, bytes)
    this.#drop(key)
    if (bytes.length > this.#limit || this.#most < 1) return
    for (const oldest of this.#entries.keys()) {
      if (this.#size + bytes.length <= this.#limit && this.#entries.size < this.#most) break
      this.#drop(oldest)
    }
    this.#entries.set(key, { bytes, pcrs, judged })
    this.#size += bytes.length
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#size -= entry.bytes.length
  }
}

const keyOf = (pcrDigest: Uint8Array, bytes: Uint8Array): string => `${bytes.length}:${toHex(pcrDigest)}`

/** Same banks, same PCRs in the same order, same values. */
function samePcrs(known: readonly PcrValues[], given: readonly PcrValues[]): boolean {
  if (known.length !== given.length) return false
  return known.every(({ bank, values }, i) => {
    const other = given[i]
    if (other?.bank !== bank || other.values.size !== values.size) return false
    const expected = values.entries()
    for (const [pcr, value] of other.values) {
      const [knownPcr, knownValue] = expected.next().value as [number, Uint8Array]
      if (knownPcr !== pcr || !equalBytes(knownValue, value)) return false
    }
    return true
  })
}
