import type { HashAlgorithm } from '../../tpm2/index.js'
import type { Extensions } from '../record.js'
import type { CcEventLog, EventLogContent, SpecId, TcgEvent, TcgEventLog } from './event-log.js'
import { eventTypes } from './event-types.js'
import { ParsedEvent } from './parsed-event.js'
import { type EventRecords, layoutOf } from './records.js'
import { startupLocalityOf } from './startup-locality.js'

const { EV_NO_ACTION } = eventTypes

/** What both kinds of logs have; makes events only when they are asked for. */
class ParsedContent implements EventLogContent {
  readonly format: 'crypto-agile' | 'sha1'
  readonly algorithms: readonly HashAlgorithm[]
  readonly unknownAlgorithms: number
  readonly padding: number
  readonly truncated: number
  readonly #records: EventRecords
  #events: readonly TcgEvent[] | undefined

  constructor(
    records: EventRecords,
    readonly specId: SpecId | undefined,
  ) {
    this.#records = records
    this.format = specId?.event === 3 ? 'crypto-agile' : 'sha1'
    const known: HashAlgorithm[] = []
    for (const { name } of records.algorithms) if (name !== undefined) known.push(name)
    this.algorithms = known
    this.unknownAlgorithms = records.algorithms.length - known.length
    const rest = records.bytes.length - records.end
    this.truncated = records.truncated ? rest : 0
    this.padding = records.truncated ? 0 : rest
  }

  get eventCount(): number {
    return this.#records.offsets.length
  }

  get events(): readonly TcgEvent[] {
    this.#events ??= this.#records.offsets.map((_, index) => new ParsedEvent(this.#records, index))
    return this.#events
  }

  extensions(bank: HashAlgorithm): Extensions {
    const { bytes, view, offsets, layout, exceptions, algorithms } = this.#records
    const place = algorithms.findIndex(({ name }) => name === bank)
    const regular = layout.digests[place] ?? -1
    const pcrs: number[] = []
    const digests: number[] = []
    for (let i = 0; i < offsets.length; i++) {
      const offset = offsets[i] as number
      if (view.getUint32(offset + 4, true) === EV_NO_ACTION) continue
      const at = exceptions.size === 0 ? regular : (layoutOf(this.#records, i).digests[place] ?? -1)
      pcrs.push(view.getUint32(offset, true))
      digests.push(at === -1 ? -1 : offset + at)
    }
    return { bytes, pcrs, digests }
  }
}

/** A log of what was measured into PCRs. */
export class ParsedTcgLog extends ParsedContent implements TcgEventLog {
  readonly source = 'tcg'
  readonly startupLocality: number

  constructor(records: EventRecords, specId: SpecId | undefined) {
    super(records, specId)
    this.startupLocality = startupLocalityOf(records)
  }
}

/** A log of what was measured into a confidential machine's registers. */
export class ParsedCcLog extends ParsedContent implements CcEventLog {
  readonly source = 'cc'
}
