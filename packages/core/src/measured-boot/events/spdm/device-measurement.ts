import { bytesOf, rest, struct, u8, u16le, u32le, u64le } from '../../../codec/index.js'
import type { DevicePath } from '../device-path/device-path.js'
import { sizedDevicePaths } from '../device-path/sized-paths.js'
import { decoderOf, type EventDecoder, type RawBytes, rawDecoder, whole } from '../reading.js'
import { type DeviceContext, readDeviceContext } from './device-context.js'
import { spdmMeasurementBlock } from './measurement-block.js'
import { type DeviceStatement, readStatement, statementOf } from './statement.js'

/** EV_EFI_SPDM_FIRMWARE_BLOB, EV_EFI_SPDM_FIRMWARE_CONFIG: what firmware learned of a device by SPDM. */
export interface DeviceMeasurement {
  readonly kind: 'device-measurement'
  readonly version: 1 | 2
  /** 0: the device proved who it is; undefined in version 1. */
  readonly authState: number | undefined
  /** Binds the events of one device together; undefined in version 1. */
  readonly uid: bigint | undefined
  readonly devicePaths: readonly DevicePath[]
  readonly statement: DeviceStatement
  readonly device: DeviceContext
}

const version1 = struct('DEVICE_SECURITY_EVENT_DATA', {
  signature: bytesOf(16),
  version: u16le,
  length: u16le,
  hashAlgorithm: u32le,
  deviceType: u32le,
  block: spdmMeasurementBlock,
  devicePaths: sizedDevicePaths,
  device: rest,
})
const version2 = struct('DEVICE_SECURITY_EVENT_DATA2', {
  signature: bytesOf(16),
  version: u16le,
  authState: u8,
  reserved: u8,
  length: u32le,
  deviceType: u32le,
  statementType: u32le,
  statementSize: u32le,
  uid: u64le,
  devicePaths: sizedDevicePaths,
  rest,
})

const readVersion1: EventDecoder<DeviceMeasurement> = decoderOf(version1, (value, data) => ({
  data: {
    kind: 'device-measurement',
    version: 1,
    authState: undefined,
    uid: undefined,
    devicePaths: value.devicePaths,
    statement: statementOf(undefined, value.hashAlgorithm, [value.block]),
    device: readDeviceContext(value.deviceType, value.device),
  },
  measured: whole(data),
}))

const readVersion2: EventDecoder<DeviceMeasurement> = decoderOf(version2, (value, data) => ({
  data: {
    kind: 'device-measurement',
    version: 2,
    authState: value.authState,
    uid: value.uid,
    devicePaths: value.devicePaths,
    statement: readStatement(value.statementType, value.rest.subarray(0, value.statementSize)),
    device: readDeviceContext(value.deviceType, value.rest.subarray(value.statementSize)),
  },
  measured: whole(data),
}))

const signatureSize = 16
const versions: ReadonlyMap<string, EventDecoder<DeviceMeasurement>> = new Map([
  ['SPDM Device Sec\0', readVersion1],
  ['SPDM Device Sec2', readVersion2],
])

/** Measured is the whole. PC Client Platform Firmware Profile, section 10.2.9. */
export const deviceMeasurement: EventDecoder<DeviceMeasurement | RawBytes> = (data) => {
  const signature = String.fromCharCode(...data.subarray(0, signatureSize))
  return (versions.get(signature) ?? rawDecoder)(data)
}
