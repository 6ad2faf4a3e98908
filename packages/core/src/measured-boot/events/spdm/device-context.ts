import { bytesOf, type Codec, rest, struct, u8, u16le } from '../../../codec/index.js'
import { isMalformed, type Malformed, readOrExplain } from '../malformed.js'
import type { RawBytes } from '../reading.js'

/** How the device is known on its bus. PC Client Platform Firmware Profile, section 10.2.9. */
export type DeviceContext =
  | {
      readonly kind: 'pci'
      readonly vendorId: number
      readonly deviceId: number
      readonly revisionId: number
      /** Programming interface, sub-class, class. */
      readonly classCode: Uint8Array
      readonly subsystemVendorId: number
      readonly subsystemId: number
    }
  /** The device's, BOS and configuration descriptors, one after the other. */
  | { readonly kind: 'usb'; readonly descriptors: Uint8Array }
  | RawBytes
  | Malformed

const head = { version: u16le, length: u16le }
const pciContext = struct('TCG_DEVICE_SECURITY_EVENT_DATA_PCI_CONTEXT', {
  ...head,
  vendorId: u16le,
  deviceId: u16le,
  revisionId: u8,
  classCode: bytesOf(3),
  subsystemVendorId: u16le,
  subsystemId: u16le,
})
const usbContext = struct('TCG_DEVICE_SECURITY_EVENT_DATA_USB_CONTEXT', { ...head, descriptors: rest })

const pci = 1
const usb = 2

/** Reads the context of a device; bytes for a type of device that the profile does not name. */
export function readDeviceContext(deviceType: number, bytes: Uint8Array): DeviceContext {
  if (deviceType === pci) {
    return read(pciContext, bytes, ({ version, length, ...value }) => ({ kind: 'pci', ...value }))
  }
  if (deviceType === usb) {
    return read(usbContext, bytes, ({ descriptors }) => ({ kind: 'usb', descriptors }))
  }
  return { kind: 'bytes', bytes }
}

function read<T>(codec: Codec<T>, bytes: Uint8Array, state: (value: T) => DeviceContext): DeviceContext {
  const value = readOrExplain(codec, bytes)
  return isMalformed(value) ? value : state(value)
}
