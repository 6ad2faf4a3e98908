import type { HashAlgorithm } from '../../tpm2/index.js'
import type { Extensions } from '../record.js'
import { declaredBank } from '../replay.js'
import { imaBanks } from './hash-algorithms.js'
import type { DigestRule, ImaEntry, ImaLog } from './ima-log.js'
import { ParsedEntry } from './parsed-entry.js'
import { type BankFacts, bankFacts, writeDigest } from './record-digest.js'
import type { ImaRecords } from './records.js'

/** A log that makes entries only when they are asked for. */
export class ParsedImaLog implements ImaLog {
  readonly source = 'ima'
  readonly algorithms: readonly HashAlgorithm[] = imaBanks
  readonly startupLocality = 0
  readonly #records: ImaRecords
  #events: readonly ImaEntry[] | undefined

  /** @param base bytes of the kernel's list before those that were given */
  constructor(
    records: ImaRecords,
    readonly base: number,
  ) {
    this.#records = records
  }

  get encoding(): 'binary' | 'ascii' {
    return this.#records.list === this.#records.bytes ? 'binary' : 'ascii'
  }

  get listedAlgorithm(): HashAlgorithm {
    return this.#records.listedAlgorithm
  }

  get first(): number {
    return this.#records.first
  }

  get end(): number {
    return this.#records.first + this.#records.places.length
  }

  get events(): readonly ImaEntry[] {
    this.#events ??= this.#records.places.map((_, i) => new ParsedEntry(this.#records, i))
    return this.#events
  }

  entry(index: number): ImaEntry | undefined {
    const i = index - this.first
    return this.#records.places[i] === undefined ? undefined : new ParsedEntry(this.#records, i)
  }

  extensions(bank: HashAlgorithm, rule?: DigestRule): Extensions {
    const { view, places, littleEndian } = this.#records
    const facts = bankFacts(declaredBank(this, bank)) as BankFacts
    const bytes = new Uint8Array(places.length * facts.size)
    const pcrs: number[] = []
    const digests: number[] = []
    for (let i = 0; i < places.length; i++) {
      const at = i * facts.size
      pcrs.push(view.getUint32(places[i] as number, littleEndian))
      digests.push(at)
      writeDigest(this.#records, i, facts, rule, bytes, at)
    }
    return { bytes, pcrs, digests }
  }
}
