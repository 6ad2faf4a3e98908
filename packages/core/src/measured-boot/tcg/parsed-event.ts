import type { HashAlgorithm } from '../../tpm2/index.js'
import { describeEvent, describeType } from './describe-event.js'
import type { TcgEvent } from './event-log.js'
import { type EventTypeName, eventTypeName, eventTypes } from './event-types.js'
import { type EventRecords, layoutOf, sizeField } from './records.js'

/** An event that makes views of its parts only when asked. */
export class ParsedEvent implements TcgEvent {
  readonly offset: number
  readonly pcr: number
  readonly type: number
  readonly #records: EventRecords

  constructor(
    records: EventRecords,
    readonly index: number,
  ) {
    this.#records = records
    this.offset = records.offsets[index] as number
    this.pcr = records.view.getUint32(this.offset, true)
    this.type = records.view.getUint32(this.offset + 4, true)
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
    const { bytes, view } = this.#records
    const sizeAt = this.offset + layoutOf(this.#records, this.index).size
    const start = sizeAt + sizeField
    return bytes.subarray(start, start + view.getUint32(sizeAt, true))
  }

  get digests(): ReadonlyMap<HashAlgorithm, Uint8Array> {
    const digests = new Map<HashAlgorithm, Uint8Array>()
    for (const { name } of this.#records.algorithms) {
      const digest = name === undefined ? undefined : this.digest(name)
      if (name !== undefined && digest !== undefined) digests.set(name, digest)
    }
    return digests
  }

  digest(bank: string): Uint8Array | undefined {
    const { bytes, algorithms } = this.#records
    const place = algorithms.findIndex(({ name }) => name === bank)
    const at = layoutOf(this.#records, this.index).digests[place] ?? -1
    if (at === -1) return undefined
    const start = this.offset + at
    return bytes.subarray(start, start + (algorithms[place]?.size ?? 0))
  }

  copyDigest(bank: string, target: Uint8Array, at: number): boolean {
    const digest = this.digest(bank)
    if (digest !== undefined) target.set(digest, at)
    return digest !== undefined
  }
}
