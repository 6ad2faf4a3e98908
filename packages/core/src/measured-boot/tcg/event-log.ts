import type { HashAlgorithm } from '../../tpm2/index.js'
import type { MeasuredEvent, MeasurementLog } from '../record.js'
import { describeEvent, describeType } from './describe-event.js'
import { type EventTypeName, eventTypeName, eventTypes } from './event-types.js'

/** One event of a TCG log. */
export interface TcgEvent extends MeasuredEvent {
  /** Number of its type. Not measured: a label, never a reason for trust. */
  readonly type: number
  /** Name of its type; undefined for one that is not known here. */
  readonly typeName: EventTypeName | undefined
  /** What the event says of itself; a view of the log. Only a digest that covers it makes it true. */
  readonly data: Uint8Array
}

/** A parsed TCG log. Its events look into the bytes that were parsed, which must not be changed. */
export interface TcgEventLog extends MeasurementLog {
  readonly source: 'tcg'
  /** With several digests an event (TCG_PCR_EVENT2), or with one of SHA-1 (TCG_PCClientPCREvent). */
  readonly format: 'crypto-agile' | 'sha1'
  /** What the header states; undefined for a log in the SHA-1 format without one. */
  readonly specId: SpecId | undefined
  /** All events in order; a header is event 0. */
  readonly events: readonly TcgEvent[]
  /** Unused bytes at the end, all 0x00 or all 0xff, as in a log that was taken with the area that holds it. */
  readonly padding: number
}

/** What a log's header states of the firmware. PC Client Platform Firmware Profile, section 10.4.5.1. */
export interface SpecId {
  /** 0: client, 1: server. */
  readonly platformClass: number
  /** Of the specification that the firmware follows. */
  readonly specVersion: { readonly major: number; readonly minor: number; readonly errata: number }
  /** Firmware's own bytes in the header. */
  readonly vendorInfo: Uint8Array
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
export class ParsedEvent implements TcgEvent {
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

  /** The header and other events without action only inform. */
  get extends(): boolean {
    return this.type !== eventTypes.EV_NO_ACTION
  }

  get label(): string {
    return describeType(this)
  }

  describe(): string {
    return describeEvent(this)
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
