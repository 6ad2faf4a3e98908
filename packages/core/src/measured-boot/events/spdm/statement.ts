import { type Infer, rest, struct, u8, u16le, u32le } from '../../../codec/index.js'
import { isMalformed, type Malformed, readOrExplain } from '../malformed.js'
import type { RawBytes } from '../reading.js'
import { repeated } from '../repeated.js'
import { readMeasurement, type SpdmMeasurement, spdmMeasurementBlock } from './measurement-block.js'

/** What a device says of itself: measurements, its certificates, or something of its maker's. */
export type DeviceStatement =
  | {
      readonly kind: 'measurements'
      /** Undefined where the event does not say. */
      readonly spdmVersion: number | undefined
      /** Hash algorithm of the measurements, by the number of SPDM. */
      readonly hashAlgorithm: number
      readonly measurements: readonly SpdmMeasurement[]
    }
  | {
      readonly kind: 'certificates'
      readonly spdmVersion: number
      readonly hashAlgorithm: number
      readonly slot: number
      /** SPDM_CERT_CHAIN. */
      readonly chain: Uint8Array
    }
  | RawBytes
  | Malformed

const measurementBlocks = struct('SUB_HEADER_SPDM_MEASUREMENT_BLOCK', {
  spdmVersion: u16le,
  count: u8,
  reserved: u8,
  hashAlgorithm: u32le,
  blocks: repeated(spdmMeasurementBlock),
})
const certificateChain = struct('SUB_HEADER_SPDM_CERT_CHAIN', {
  spdmVersion: u16le,
  slot: u8,
  reserved: u8,
  hashAlgorithm: u32le,
  chain: rest,
})

const types = { measurements: 0, certificates: 1 }

/** Reads a statement; bytes when its type is not known here. */
export function readStatement(type: number, bytes: Uint8Array): DeviceStatement {
  if (type === types.measurements) {
    const value = readOrExplain(measurementBlocks, bytes)
    return isMalformed(value) ? value : statementOf(value.spdmVersion, value.hashAlgorithm, value.blocks)
  }
  if (type === types.certificates) {
    const value = readOrExplain(certificateChain, bytes)
    if (isMalformed(value)) return value
    const { spdmVersion, hashAlgorithm, slot, chain } = value
    return { kind: 'certificates', spdmVersion, hashAlgorithm, slot, chain }
  }
  return { kind: 'bytes', bytes }
}

/** A statement of measurements. */
export function statementOf(
  spdmVersion: number | undefined,
  hashAlgorithm: number,
  blocks: readonly Infer<typeof spdmMeasurementBlock>[],
): DeviceStatement {
  return { kind: 'measurements', spdmVersion, hashAlgorithm, measurements: blocks.map(readMeasurement) }
}
