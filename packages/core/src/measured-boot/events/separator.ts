import { u32le } from '../../codec/index.js'
import { isMalformed, readOrExplain } from './malformed.js'
import { type EventDecoder, whole } from './reading.js'

/**
 * EV_SEPARATOR: where the part of the firmware ends.
 * - `normal`: the data is 0 or 0xffffffff.
 * - `error`: the data is 1: the firmware failed.
 * - `windows`: Windows separates its own measurements with the text `WBCL`.
 * - `other`: something else; the reason why the firmware failed if the coverage is `error`.
 */
export interface SeparatorEvent {
  readonly kind: 'separator'
  readonly meaning: 'normal' | 'error' | 'windows' | 'other'
  readonly bytes: Uint8Array
}

/** What is measured when the firmware failed, whatever the data is. */
const errorValue = Uint8Array.of(1, 0, 0, 0)
const meanings: ReadonlyMap<number, SeparatorEvent['meaning']> = new Map([
  [0, 'normal'],
  [0xffff_ffff, 'normal'],
  [1, 'error'],
  [0x4c43_4257, 'windows'],
])

/**
 * Measured is the data. When the firmware failed, it may also be the value 1, and the data is then a description of why.
 * PC Client Platform Firmware Profile, sections 3.3.2.2 and 10.4.1.
 */
export const separatorEvent: EventDecoder<SeparatorEvent> = (bytes) => {
  const value = readOrExplain(u32le, bytes)
  const meaning = isMalformed(value) ? 'other' : (meanings.get(value) ?? 'other')
  return {
    data: { kind: 'separator', meaning, bytes },
    measured: meaning === 'other' ? [...whole(bytes), { part: 'error', bytes: errorValue }] : whole(bytes),
  }
}
