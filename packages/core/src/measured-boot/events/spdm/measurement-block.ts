import { type Infer, sizedBytes, struct, u8, u16le } from '../../../codec/index.js'
import { isMalformed, readOrExplain } from '../malformed.js'

const block = struct('SPDM_MEASUREMENT_BLOCK', {
  index: u8,
  specification: u8,
  measurement: sizedBytes(u16le, 0xffff),
})
const dmtf = struct('DMTF_MEASUREMENT', { type: u8, value: sizedBytes(u16le, 0xffff) })

/** Codec of a measurement block as devices send it. SPDM (DSP0274) 1.2, section 10.11.1. */
export const spdmMeasurementBlock = block

/** What a device measured of itself. */
export interface SpdmMeasurement {
  /** Number of the measurement in the device. */
  readonly index: number
  /** Whose form the measurement has; 1: DMTF. */
  readonly specification: number
  /** What was measured, as the DMTF numbers it, such as 0: immutable ROM, 1: firmware; undefined in another form. */
  readonly type: number | undefined
  /** Whether the value is what was measured itself and not its digest; undefined in another form. */
  readonly raw: boolean | undefined
  readonly value: Uint8Array
}

const dmtfSpecification = 1
const rawBit = 0x80

/** Reads a block's measurement in the form of the DMTF; as it stands when it has another. */
export function readMeasurement({ index, specification, measurement }: Infer<typeof block>): SpdmMeasurement {
  const value = specification === dmtfSpecification ? readOrExplain(dmtf, measurement) : undefined
  if (value === undefined || isMalformed(value)) {
    return { index, specification, type: undefined, raw: undefined, value: measurement }
  }
  const type = value.type & ~rawBit
  return { index, specification, type, raw: (value.type & rawBit) !== 0, value: value.value }
}
