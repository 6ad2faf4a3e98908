import { toHex } from '../../../bytes/index.js'
import { bytesOf, struct, u16le, u32le, u64le } from '../../../codec/index.js'
import { hex, type NodeText, nodeText } from './node.js'

const sasDef = struct('SAS_DEVICE_PATH', {
  reserved: u32le,
  address: u64le,
  lun: u64le,
  topology: u16le,
  targetPort: u16le,
})
const sasExDef = struct('SASEX_DEVICE_PATH', {
  address: bytesOf(8),
  lun: bytesOf(8),
  topology: u16le,
  targetPort: u16le,
})

/** The data of the vendor's message that is Serial Attached SCSI, behind its GUID. UEFI 2.10, section 10.3.4.18. */
export const sas: NodeText = nodeText(sasDef, (n) => {
  const parameters = [
    hex(n.address),
    hex(n.lun),
    hex(n.targetPort),
    topologyText(n.topology),
    hex(n.reserved),
  ]
  return `SAS(${parameters.join(',')})`
})

/** Sub-type 22. UEFI 2.10, section 10.3.4.19. */
export const sasEx: NodeText = nodeText(sasExDef, (n) => {
  const parameters = [`0x${toHex(n.address)}`, `0x${toHex(n.lun)}`, hex(n.targetPort)]
  return `SasEx(${parameters.join(',')},${topologyText(n.topology)})`
})

/** Kind of the device, where it is, how it is connected, and its bay, from the bits of DeviceTopology. */
function topologyText(topology: number): string {
  const detail = topology & 0x0f
  if (topology & 0x80 || detail > 2) return `${hex(topology)},0,0,0`
  if (detail === 0) return 'NoTopology,0,0,0'
  const kind = topology & 0x10 ? 'SATA' : 'SAS'
  const location = topology & 0x20 ? 'External' : 'Internal'
  const connection = topology & 0x40 ? 'Expanded' : 'Direct'
  // Bays count from 1 in the text and from 0 in the node; only the longer form of the node has one.
  const bay = detail === 1 ? '0' : hex((topology >> 8) + 1)
  return `${kind},${location},${connection},${bay}`
}
