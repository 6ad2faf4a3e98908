import type { HashAlgorithm } from '../tpm2/index.js'
import { type EventTypeName, eventTypeName } from './event-types.js'

/** PCRs of a PC: 0 to 23. */
export const pcrCount = 24

/** One event of a log. */
export interface LogEvent {
  /** Place in the log; the header is event 0. */
  readonly index: number
  /** Where its record starts in the log, in bytes. */
  readonly offset: number
  /** The PCR that it was extended into. Not measured itself. */
  readonly pcr: number
  /** Number of its type. Not measured: a label, never a reason for trust. */
  readonly type: number
  /** Name of its type; undefined for one that the TCG does not name. */
  readonly typeName: EventTypeName | undefined
  /** Digests by bank, for the algorithms that are known here; views of the log. The header has none. */
  readonly digests: ReadonlyMap<HashAlgorithm, Uint8Array>
  /** What the event says of itself; a view of the log. Only a digest that covers it makes it true. */
  readonly data: Uint8Array
  /** The digest for one bank, a view of the log; undefined when the event has none. */
  digest(bank: string): Uint8Array | undefined
  /** Copies the digest for one bank to a place in `target`, without making a view; false when the event has none. */
  copyDigest(bank: string, target: Uint8Array, at: number): boolean
}

/** A parsed log. Its events look into the bytes that were parsed, which must not be changed. */
export interface EventLog {
  /** How the log is written; so far only the form with several digests an event (TCG_PCR_EVENT2). */
  readonly format: 'crypto-agile'
  /** 0: client, 1: server. */
  readonly platformClass: number
  /** Of the specification that the firmware follows. */
  readonly specVersion: { readonly major: number; readonly minor: number; readonly errata: number }
  /** Banks with digests in the log, as its header declares them; algorithms that are not known here are left out. */
  readonly algorithms: readonly HashAlgorithm[]
  /** Firmware's own bytes in the header. */
  readonly vendorInfo: Uint8Array
  /** All events in order, the header first. */
  readonly events: readonly LogEvent[]
  /** Unused bytes at the end, all 0x00 or all 0xff, as in a log that was taken with the area that holds it. */
  readonly padding: number
}

/** An algorithm that a log's header declares. */
export interface DeclaredAlgorithm {
  /** TPM_ALG_ID. */
  readonly id: number
  /** Undefined when it is not known here; its digests are then only skipped. */
  readonly name: HashAlgorithm | undefined
  /** Of a digest, in bytes. */
  readonly size: number
}

/** What the events of one log share. */
export interface LogSource {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly algorithms: readonly DeclaredAlgorithm[]
}

/** Where the parts of an event's record are, in bytes from the start of the log. */
export interface EventPlace {
  readonly digests: number
  readonly digestCount: number
  readonly data: number
  readonly dataSize: number
}

/**
 * An event that makes views of its parts only when asked: a log is parsed on every attestation, but most of its events
 * are then only extended.
 */
export class ParsedEvent implements LogEvent {
  readonly #source: LogSource
  readonly #place: EventPlace

  constructor(
    source: LogSource,
    readonly index: number,
    readonly offset: number,
    readonly pcr: number,
    readonly type: number,
    place: EventPlace,
  ) {
    this.#source = source
    this.#place = place
  }

  get typeName(): EventTypeName | undefined {
    return eventTypeName(this.type)
  }

  get data(): Uint8Array {
    const { data, dataSize } = this.#place
    return this.#source.bytes.subarray(data, data + dataSize)
  }

  get digests(): ReadonlyMap<HashAlgorithm, Uint8Array> {
    const digests = new Map<HashAlgorithm, Uint8Array>()
    for (const { name } of this.#source.algorithms) {
      const digest = name === undefined ? undefined : this.digest(name)
      if (name !== undefined && digest !== undefined) digests.set(name, digest)
    }
    return digests
  }

  digest(bank: string): Uint8Array | undefined {
    const algorithm = this.#declared(bank)
    if (algorithm === undefined) return undefined
    const from = this.#digestOffset(algorithm)
    return from === -1 ? undefined : this.#source.bytes.subarray(from, from + algorithm.size)
  }

  copyDigest(bank: string, target: Uint8Array, at: number): boolean {
    const algorithm = this.#declared(bank)
    if (algorithm === undefined) return false
    const from = this.#digestOffset(algorithm)
    if (from === -1) return false
    const { bytes } = this.#source
    for (let i = 0; i < algorithm.size; i++) target[at + i] = bytes[from + i] as number
    return true
  }

  #declared(bank: string): DeclaredAlgorithm | undefined {
    for (const algorithm of this.#source.algorithms) if (algorithm.name === bank) return algorithm
    return undefined
  }

  #digestOffset(wanted: DeclaredAlgorithm): number {
    const { view, algorithms } = this.#source
    let at = this.#place.digests
    for (let i = 0; i < this.#place.digestCount; i++) {
      const id = view.getUint16(at, true)
      if (id === wanted.id) return at + 2
      at += 2 + sizeOf(algorithms, id)
    }
    return -1
  }
}

/** Size of a declared algorithm's digest in bytes; -1 for one that the header does not declare. */
export function sizeOf(algorithms: readonly DeclaredAlgorithm[], id: number): number {
  for (let i = 0; i < algorithms.length; i++) {
    const algorithm = algorithms[i]
    if (algorithm?.id === id) return algorithm.size
  }
  return -1
}
