import { struct, u8, u16le } from '../../../codec/index.js'
import { hex, type NodeText, nodeText } from './node.js'

const usbClassDef = struct('USB_CLASS_DEVICE_PATH', {
  vendor: u16le,
  product: u16le,
  deviceClass: u8,
  subClass: u8,
  protocol: u8,
})

/** Names of classes of the USB-IF. */
const classes: Readonly<Record<number, string>> = {
  1: 'UsbAudio',
  2: 'UsbCDCControl',
  3: 'UsbHID',
  6: 'UsbImage',
  7: 'UsbPrinter',
  8: 'UsbMassStorage',
  9: 'UsbHub',
  10: 'UsbCDCData',
  11: 'UsbSmartCard',
  14: 'UsbVideo',
  220: 'UsbDiagnostic',
  224: 'UsbWireless',
}
const applicationSpecific = 254
/** Names of sub-classes of the application specific class. */
const applications: Readonly<Record<number, string>> = {
  1: 'UsbDeviceFirmwareUpdate',
  2: 'UsbIrdaBridge',
  3: 'UsbTestAndMeasurement',
}

/** Sub-type 15. UEFI 2.10, sections 10.3.4.9 and 10.6.1.6. */
export const usbClass: NodeText = nodeText(usbClassDef, (n) => {
  const ids = `${hex(n.vendor)},${hex(n.product)}`
  const application = n.deviceClass === applicationSpecific ? applications[n.subClass] : undefined
  if (application !== undefined) return `${application}(${ids},${hex(n.protocol)})`
  const detail = `${hex(n.subClass)},${hex(n.protocol)}`
  const name = classes[n.deviceClass]
  return name === undefined ? `UsbClass(${ids},${hex(n.deviceClass)},${detail})` : `${name}(${ids},${detail})`
})
