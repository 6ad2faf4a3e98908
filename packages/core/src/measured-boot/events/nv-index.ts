import { bytesOf, rest, sized, sizedBytes, struct, u16le, u64le } from '../../codec/index.js'
import type { Malformed } from './malformed.js'
import { decoderOf, type EventDecoder, onlyInforms, type RawBytes } from './reading.js'
import { type DeviceMeasurement, deviceMeasurement } from './spdm/device-measurement.js'
import { untilNul, utf8Text } from './text.js'

/** What was extended into an NV index of the TPM for a device, such as its chain of certificates. */
export interface NvIndexInstance {
  readonly kind: 'nv-index-instance'
  readonly version: number
  readonly measurement: DeviceMeasurement | RawBytes | Malformed
}

/** What was extended into an NV index and differs with each boot, such as a nonce. */
export interface NvIndexDynamic {
  readonly kind: 'nv-index-dynamic'
  readonly version: number
  /** Identifies the device among the log's events. */
  readonly uid: bigint
  readonly description: string
  readonly value: Uint8Array
}

const head = { signature: bytesOf(16), version: u16le, reserved: bytesOf(6) }
const instance = struct('NV_INDEX_INSTANCE_EVENT_LOG_DATA', { ...head, data: rest })
const dynamic = struct('NV_INDEX_DYNAMIC_EVENT_LOG_DATA', {
  ...head,
  uid: u64le,
  description: sized(u16le, utf8Text, 0xffff),
  value: sizedBytes(u16le, 0xffff),
})

/** An event without action. PC Client Platform Firmware Profile 1.06, section 10.4.5. */
export const nvIndexInstance: EventDecoder<NvIndexInstance> = decoderOf(instance, ({ version, data }) => ({
  data: { kind: 'nv-index-instance', version, measurement: deviceMeasurement(data).data },
  measured: onlyInforms,
}))

/** An event without action. PC Client Platform Firmware Profile 1.06, section 10.4.5. */
export const nvIndexDynamic: EventDecoder<NvIndexDynamic> = decoderOf(dynamic, (fields) => {
  const { version, uid, description, value } = fields
  return {
    data: { kind: 'nv-index-dynamic', version, uid, description: untilNul(description), value },
    measured: onlyInforms,
  }
})
