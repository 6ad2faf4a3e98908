import { hash as hashOnce } from 'node:crypto'
import { equalBytes } from '../bytes/index.js'
import { type HashAlgorithm, hashFacts } from '../tpm2/index.js'
import { type Extensions, pcrCount } from './record.js'

/** PCRs of the dynamic root of trust start with all bits set, until a dynamic launch; the others with none. */
const firstDynamicPcr = 17
const lastDynamicPcr = 22

/** Value that a PCR has before anything is extended into it: `size` bytes. TPM PC Client Platform Profile, section 4.6. */
export function initialValue(pcr: number, size: number, locality = 0): Uint8Array {
  const value = new Uint8Array(size)
  writeInitialValue(value, pcr, size, locality)
  return value
}

function writeInitialValue(target: Uint8Array, pcr: number, size: number, locality: number): void {
  const fill = pcr >= firstDynamicPcr && pcr <= lastDynamicPcr ? 0xff : 0
  for (let i = 0; i < size; i++) target[i] = fill
  if (pcr === 0) target[size - 1] = locality
}

/**
 * Extends a PCR with one digest after the other: each time H(value || digest). TPM 2.0 Part 1, section 17.4.
 * @param first value before, in bytes of the digest's size, as are the digests
 */
export function extendPcr(bank: HashAlgorithm, first: Uint8Array, digests: Iterable<Uint8Array>): Uint8Array {
  const { size, node } = hashFacts(bank)
  const block = new Uint8Array(2 * size)
  const view = new DataView(block.buffer)
  block.set(first)
  for (const digest of digests) {
    block.set(digest, size)
    writeState(hashOnce(node, block, 'binary'), view)
  }
  return block.slice(0, size)
}

/**
 * The PCRs of one bank while logs are replayed. A PCR into which an event was extended without a digest for the bank
 * has no known value from there on.
 *
 * Values are kept as binary strings, which node:crypto returns in a third of the time of an array.
 */
export class PcrStates {
  /** Of a value, in bytes. */
  readonly size: number
  readonly #bank: HashAlgorithm
  readonly #locality: number
  readonly #states = new Array<string | undefined>(pcrCount)
  readonly #undigested = new Set<number>()

  /** @param locality of startup: the last byte of PCR 0's first value */
  constructor(bank: HashAlgorithm, locality: number) {
    this.#bank = bank
    this.size = hashFacts(bank).size
    this.#locality = locality
  }

  /**
   * Extends what a log says: each time H(value || digest). TPM 2.0 Part 1, section 17.4.
   * @param only whether a PCR is extended, by index; all are by default
   */
  extend({ bytes, pcrs, digests }: Extensions, only?: readonly boolean[]): void {
    const { node } = hashFacts(this.#bank)
    const size = this.size
    const states = this.#states
    const block = new Uint8Array(2 * size)
    const blockView = new DataView(block.buffer)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < pcrs.length; i++) {
      const pcr = pcrs[i] as number
      if (only !== undefined && only[pcr] !== true) continue
      const digest = digests[i] as number
      if (digest === -1) {
        this.#undigested.add(pcr)
        continue
      }
      const state = states[pcr]
      if (state === undefined) writeInitialValue(block, pcr, size, this.#locality)
      else writeState(state, blockView)
      for (let k = 0; k < size; k += 4) blockView.setUint32(size + k, view.getUint32(digest + k, true), true)
      states[pcr] = hashOnce(node, block, 'binary')
    }
  }

  /** Whether something was extended into a PCR, or would have been, had it a digest. */
  isExtended(pcr: number): boolean {
    return this.#states[pcr] !== undefined || this.#undigested.has(pcr)
  }

  /** The value of a PCR, a new array; undefined when an event left the bank out. */
  value(pcr: number): Uint8Array | undefined {
    if (this.#undigested.has(pcr)) return undefined
    const state = this.#states[pcr]
    if (state === undefined) return initialValue(pcr, this.size, this.#locality)
    const value = new Uint8Array(this.size)
    for (let i = 0; i < state.length; i++) value[i] = state.charCodeAt(i)
    return value
  }

  /** Whether a PCR is known to have exactly this value. */
  hasValue(pcr: number, expected: Uint8Array): boolean {
    const state = this.#states[pcr]
    if (state === undefined || expected.length !== this.size || this.#undigested.has(pcr)) {
      const value = this.value(pcr)
      return value !== undefined && equalBytes(value, expected)
    }
    for (let i = 0; i < state.length; i++) if (expected[i] !== state.charCodeAt(i)) return false
    return true
  }
}

/** Writes a value to the start of `target`. Four bytes at once: nothing that is built in copies so few as fast. */
function writeState(state: string, target: DataView): void {
  for (let i = 0; i < state.length; i += 4) {
    const low = state.charCodeAt(i) | (state.charCodeAt(i + 1) << 8)
    const high = state.charCodeAt(i + 2) | (state.charCodeAt(i + 3) << 8)
    target.setUint32(i, low | (high << 16), true)
  }
}
