import { bytesOf, decode, struct, u8, u16le, u32le, u64le } from '../../../codec/index.js'
import { efiGuid, type Guid } from '../guid.js'
import { untilNul, utf16Text } from '../text.js'
import { vendorNode } from './hardware.js'
import { hex, type NodeTexts, nodeText, optionalHex } from './node.js'

const hardDrive = struct('HARDDRIVE_DEVICE_PATH', {
  partition: u32le,
  start: u64le,
  size: u64le,
  signature: bytesOf(16),
  partitionFormat: u8,
  signatureType: u8,
})
const cdRom = struct('CDROM_DEVICE_PATH', { bootEntry: u32le, start: u64le, size: u64le })
const offsetRange = struct('MEDIA_RELATIVE_OFFSET_RANGE_DEVICE_PATH', {
  reserved: u32le,
  start: u64le,
  end: u64le,
})
const ramDisk = struct('MEDIA_RAM_DISK_DEVICE_PATH', {
  start: u64le,
  end: u64le,
  type: efiGuid,
  instance: u16le,
})

/** RAM disks with a name of their own. UEFI 2.10, section 10.3.5.9. */
const ramDisks: ReadonlyMap<Guid, string> = new Map([
  ['77ab535a-45fc-624b-5560-f7b281d1f96e', 'VirtualDisk'],
  ['3d5abd30-4175-87ce-6d64-d2ade523c4bb', 'VirtualCD'],
  ['5cea02c9-4d07-69d3-269f-4496fbe096f9', 'PersistentVirtualDisk'],
  ['08018188-42cd-bb48-100f-5387d53ded3d', 'PersistentVirtualCD'],
])

/** Nodes of type 4. UEFI 2.10, sections 10.3.5 and 10.6.1.6. */
export const mediaTexts: NodeTexts = {
  1: nodeText(hardDrive, ({ partition, signatureType, signature, start, size }) => {
    return `HD(${partition},${signatureText(signatureType, signature)},${hex(start)},${hex(size)})`
  }),
  2: nodeText(cdRom, (n) => `CDROM(${hex(n.bootEntry)},${hex(n.start)},${hex(n.size)})`),
  3: nodeText(vendorNode, (n) => `VenMedia(${n.guid}${optionalHex(n.data)})`),
  4: nodeText(utf16Text, untilNul),
  5: nodeText(efiGuid, (protocol) => `Media(${protocol})`),
  6: nodeText(efiGuid, (file) => `FvFile(${file})`),
  7: nodeText(efiGuid, (volume) => `Fv(${volume})`),
  8: nodeText(offsetRange, (n) => `Offset(${hex(n.start)},${hex(n.end)})`),
  9: nodeText(ramDisk, ({ start, end, type, instance }) => {
    const range = `${hex(start)},${hex(end)},${instance}`
    const name = ramDisks.get(type)
    return name === undefined ? `RamDisk(${range},${type})` : `${name}(${range})`
  }),
}

/** How a partition is known: 1: by the signature of the MBR, 2: by the GUID of the partition. */
function signatureText(type: number, signature: Uint8Array): string {
  switch (type) {
    case 1:
      return `MBR,0x${decode(u32le, signature.subarray(0, 4)).toString(16).padStart(8, '0')}`
    case 2:
      return `GPT,${decode(efiGuid, signature)}`
    default:
      return `${type},0`
  }
}
