import { createHash } from 'node:crypto'
import { type HashAlgorithm, hashFacts } from '../tpm2/index.js'

/** Values of PCRs 0 to 23 by bank. */
export type BuiltPcrs = ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>

/** The PCRs of a TPM beside the log that is built: computed here, not by the code that tests want to judge. */
export class PcrRecorder {
  readonly #banks: Map<HashAlgorithm, Map<number, Uint8Array>>

  /** @param from values to begin with, such as those that the firmware left; those of a TPM that was started by default */
  constructor(banks: readonly HashAlgorithm[], from?: BuiltPcrs) {
    this.#banks = new Map(
      banks.map((bank) => [bank, new Map(from?.get(bank) ?? startValues(hashFacts(bank).size))]),
    )
  }

  /** Sets the last byte of PCR 0's value. */
  startAt(locality: number): void {
    for (const values of this.#banks.values()) {
      const value = Uint8Array.from(values.get(0) ?? [])
      values.set(0, value.fill(locality, -1))
    }
  }

  /** Extends a PCR in each bank that there is a digest for; nothing when there is no such PCR. */
  extend(pcr: number, digests: ReadonlyMap<HashAlgorithm, Uint8Array>): void {
    for (const [bank, digest] of digests) {
      const values = this.#banks.get(bank)
      const value = values?.get(pcr)
      if (value !== undefined) values?.set(pcr, digestWith(bank, value, digest))
    }
  }

  /** A copy of all values. */
  values(): BuiltPcrs {
    return new Map([...this.#banks].map(([bank, values]) => [bank, new Map(values)]))
  }
}

/** The digest of some parts together. */
export function digestWith(bank: HashAlgorithm, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(hashFacts(bank).node)
  for (const part of parts) state.update(part)
  return Uint8Array.from(state.digest())
}

function startValues(size: number): Iterable<[number, Uint8Array]> {
  const start = (pcr: number): Uint8Array => new Uint8Array(size).fill(pcr >= 17 && pcr <= 22 ? 0xff : 0)
  return Array.from({ length: 24 }, (_, pcr) => [pcr, start(pcr)])
}
