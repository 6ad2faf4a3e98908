import { toHex } from '../../../bytes/index.js'
import { bytesOf, rest, struct, u8, u16le, u32le, u64le } from '../../../codec/index.js'
import { efiGuid } from '../guid.js'
import { untilNul, utf8Text, utf8z, utf16Text } from '../text.js'
import { dns, ipv4, ipv6, macAddress } from './network.js'
import { hex, type NodeTexts, nodeText, optionalHex } from './node.js'
import { sasEx } from './sas.js'
import { usbClass } from './usb-class.js'
import { vendorMessage } from './vendor-message.js'

const ata = struct('ATAPI_DEVICE_PATH', { secondary: u8, slave: u8, lun: u16le })
const scsi = struct('SCSI_DEVICE_PATH', { pun: u16le, lun: u16le })
const fibre = struct('FIBRECHANNEL_DEVICE_PATH', { reserved: u32le, wwn: u64le, lun: u64le })
const fibreEx = struct('FIBRECHANNELEX_DEVICE_PATH', {
  reserved: u32le,
  wwn: bytesOf(8),
  lun: bytesOf(8),
})
const fireWire = struct('F1394_DEVICE_PATH', { reserved: u32le, guid: u64le })
const usb = struct('USB_DEVICE_PATH', { port: u8, interface: u8 })
const infiniband = struct('INFINIBAND_DEVICE_PATH', {
  flags: u32le,
  port: efiGuid,
  service: u64le,
  target: u64le,
  device: u64le,
})
const uart = struct('UART_DEVICE_PATH', {
  reserved: u32le,
  baudRate: u64le,
  dataBits: u8,
  parity: u8,
  stopBits: u8,
})
const usbWwid = struct('USB_WWID_DEVICE_PATH', {
  interface: u16le,
  vendor: u16le,
  product: u16le,
  serial: utf16Text,
})
const sata = struct('SATA_DEVICE_PATH', { port: u16le, multiplierPort: u16le, lun: u16le })
const iscsi = struct('ISCSI_DEVICE_PATH', {
  protocol: u16le,
  options: u16le,
  lun: bytesOf(8),
  portalGroup: u16le,
  target: utf8Text,
})
const nvme = struct('NVME_NAMESPACE_DEVICE_PATH', { namespace: u32le, eui: bytesOf(8) })
const ufs = struct('UFS_DEVICE_PATH', { pun: u8, lun: u8 })
const bluetoothLe = struct('BLUETOOTH_LE_DEVICE_PATH', { address: bytesOf(6), type: u8 })
const restService = struct('REST_SERVICE_DEVICE_PATH', { service: u8, access: u8, vendor: rest })
const nvmeOf = struct('NVME_OF_NAMESPACE_DEVICE_PATH', { idType: u8, id: bytesOf(16), subsystem: utf8z })

/** Nodes of type 3. UEFI 2.10, sections 10.3.4 and 10.6.1.6. */
export const messagingTexts: NodeTexts = {
  1: nodeText(ata, ({ secondary, slave, lun }) => {
    return `Ata(${secondary === 1 ? 'Secondary' : 'Primary'},${slave === 1 ? 'Slave' : 'Master'},${hex(lun)})`
  }),
  2: nodeText(scsi, (n) => `Scsi(${hex(n.pun)},${hex(n.lun)})`),
  3: nodeText(fibre, (n) => `Fibre(${hex(n.wwn)},${hex(n.lun)})`),
  4: nodeText(fireWire, (n) => `I1394(${n.guid.toString(16).padStart(16, '0')})`),
  5: nodeText(usb, (n) => `USB(${hex(n.port)},${hex(n.interface)})`),
  6: nodeText(u32le, (target) => `I2O(${hex(target)})`),
  9: nodeText(infiniband, (n) => {
    return `Infiniband(${hex(n.flags)},${n.port},${hex(n.service)},${hex(n.target)},${hex(n.device)})`
  }),
  10: vendorMessage,
  11: macAddress,
  12: ipv4,
  13: ipv6,
  14: nodeText(uart, ({ baudRate, dataBits, parity, stopBits }) => {
    const parameters = [
      baudRate || 'DEFAULT',
      dataBits || 'DEFAULT',
      'DNEOMS'[parity] ?? 'x',
      ['D', '1', '1.5', '2'][stopBits] ?? 'x',
    ]
    return `Uart(${parameters.join(',')})`
  }),
  15: usbClass,
  16: nodeText(usbWwid, (n) => {
    return `UsbWwid(${hex(n.vendor)},${hex(n.product)},${hex(n.interface)},"${untilNul(n.serial)}")`
  }),
  17: nodeText(u8, (lun) => `Unit(${hex(lun)})`),
  18: nodeText(sata, (n) => `Sata(${hex(n.port)},${hex(n.multiplierPort)},${hex(n.lun)})`),
  19: nodeText(iscsi, ({ target, portalGroup, lun, options, protocol }) => {
    const network = protocol === 0 ? 'TCP' : 'reserved'
    return `iSCSI(${untilNul(target)},${hex(portalGroup)},0x${toHex(lun)},${loginText(options)},${network})`
  }),
  20: nodeText(u16le, (id) => `Vlan(${id})`),
  21: nodeText(fibreEx, (n) => `FibreEx(0x${toHex(n.wwn)},0x${toHex(n.lun)})`),
  22: sasEx,
  // The EUI-64 is a 64-bit integer in the node, so that its first octet comes last.
  23: nodeText(nvme, (n) => `NVMe(${hex(n.namespace)},${octets(n.eui.toReversed())})`),
  24: nodeText(utf8Text, (uri) => `Uri(${untilNul(uri)})`),
  25: nodeText(ufs, (n) => `UFS(${hex(n.pun)},${hex(n.lun)})`),
  26: nodeText(u8, (slot) => `SD(${hex(slot)})`),
  27: nodeText(bytesOf(6), (address) => `Bluetooth(${toHex(address)})`),
  28: nodeText(utf8Text, (ssid) => `Wi-Fi(${untilNul(ssid)})`),
  29: nodeText(u8, (slot) => `eMMC(${hex(slot)})`),
  30: nodeText(bluetoothLe, (n) => `BluetoothLE(${toHex(n.address)},${hex(n.type)})`),
  31: dns,
  32: nodeText(efiGuid, (namespace) => `NVDIMM(${namespace})`),
  33: nodeText(restService, (n) => {
    return `RestService(${hex(n.service)},${hex(n.access)}${optionalHex(n.vendor)})`
  }),
  34: nodeText(nvmeOf, (n) => `NVMEoF(${n.subsystem},${namespaceText(n.idType, n.id)})`),
}

/** Digests and authentication of an iSCSI login. UEFI 2.10, section 10.3.4.21. */
function loginText(options: number): string {
  const digest = (bit: number): string => ((options >> bit) & 1 ? 'CRC32C' : 'None')
  const chap = (options >> 12) & 1 ? 'CHAP_UNI' : 'CHAP_BI'
  const authentication = (options >> 11) & 1 ? 'None' : chap
  return `${digest(1)},${digest(3)},${authentication}`
}

/** The identifier of an NVMe namespace, as the NVM Express Base Specification has its types. */
function namespaceText(type: number, id: Uint8Array): string {
  switch (type) {
    case 1:
      return `eui:${octets(id.subarray(0, 8))}`
    case 2:
      return `nvme-nguid:${toHex(id)}`
    case 3:
      return `urn:uuid:${toHex(id).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
    default:
      return `${hex(type)}:${toHex(id)}`
  }
}

function octets(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('-')
}
