import type { Codec } from '../../codec/index.js'
import type { MeasuredPart } from './coverage.js'
import { isMalformed, type Malformed, readOrExplain } from './malformed.js'

/** Data that has no form here, or another than its event calls for. */
export interface RawBytes {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
}

/** What a decoder makes of an event's data. */
export interface Reading<D> {
  readonly data: D | Malformed
  /**
   * What the event's digest may be the hash of, the largest first: as the profile says, and as firmware is known to do.
   * Or, in words, what else it is of.
   */
  readonly measured: readonly MeasuredPart[] | string
}

/** Decodes the data of one kind of event. It never throws for what the data is. */
export type EventDecoder<D> = (data: Uint8Array) => Reading<D>

/** {@link Reading.measured} of events without action, of which nothing is measured. */
export const onlyInforms = 'nothing'

/** The data as a whole. */
export function whole(bytes: Uint8Array): readonly MeasuredPart[] {
  return [{ part: 'all', bytes }]
}

/**
 * A decoder that reads all of the data with a codec. Data that is malformed counts as bytes: its digest may be of the
 * whole.
 * @param state what the value says, and what was measured
 */
export function decoderOf<T, D>(
  codec: Codec<T>,
  state: (value: T, data: Uint8Array) => Reading<D>,
): EventDecoder<D> {
  return (data) => {
    const value = readOrExplain(codec, data)
    return isMalformed(value) ? { data: value, measured: whole(data) } : state(value, data)
  }
}

/** Data without a form, measured as a whole. */
export const rawDecoder: EventDecoder<RawBytes> = (bytes) => ({
  data: { kind: 'bytes', bytes },
  measured: whole(bytes),
})

/** Bytes behind a structure that are there; undefined for none. */
export function trailingOf(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes
}
