import { computeNvName, type TpmaNv } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import type { Machine } from './machine.js'
import type { NvIndex } from './stored-state.js'

/** NV memory for indices, in bytes, and the most that one may have. */
export const nvLimits = { total: 32_768, index: 2048, buffer: 1024 } as const

/** The index at a handle. */
export function nvIndexAt({ stored }: Machine, handle: number): NvIndex | undefined {
  return stored.nv.find(({ publicArea }) => publicArea.nvIndex === handle)
}

/** The index at a handle that was found to be there. */
export function nvIndexOf(machine: Machine, handle: number): NvIndex {
  return nvIndexAt(machine, handle) ?? refuse('HANDLE')
}

/** Its name, which tells whether it was written. */
export function nvName({ publicArea }: NvIndex): Uint8Array {
  return computeNvName(publicArea)
}

/** Sets attributes and stores. */
export function setNvAttributes(machine: Machine, index: NvIndex, changed: Partial<TpmaNv>): void {
  const attributes = { ...index.publicArea.attributes, ...changed }
  index.publicArea = { ...index.publicArea, attributes }
  machine.save()
}

/** Value of a counter that was counted up. */
export function counterValue({ data }: NvIndex): bigint {
  return new DataView(data.buffer, data.byteOffset).getBigUint64(0)
}

/** Removes an index. What a counter came to is remembered: none that is made later starts below it. Part 1, 37.2.4. */
export function removeNvIndex(machine: Machine, index: NvIndex): void {
  const { stored } = machine
  const { nt, written } = index.publicArea.attributes
  if (nt === 'counter' && written && counterValue(index) > stored.maxCounter) {
    stored.maxCounter = counterValue(index)
  }
  stored.nv.splice(stored.nv.indexOf(index), 1)
  machine.save()
}

/** Bytes that indices take up. */
export function nvUsed({ stored }: Machine): number {
  return stored.nv.reduce((sum, { data }) => sum + data.length, 0)
}
