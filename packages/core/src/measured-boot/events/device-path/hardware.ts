import { rest, struct, u8, u32le, u64le } from '../../../codec/index.js'
import { efiGuid } from '../guid.js'
import { hex, type NodeTexts, nodeText, optionalHex } from './node.js'

/** A node of a vendor, in any type of node. */
export const vendorNode = struct('VENDOR_DEVICE_PATH', { guid: efiGuid, data: rest })

const pci = struct('PCI_DEVICE_PATH', { function: u8, device: u8 })
const memoryMapped = struct('MEMMAP_DEVICE_PATH', { memoryType: u32le, start: u64le, end: u64le })
const bmc = struct('BMC_DEVICE_PATH', { interfaceType: u8, baseAddress: u64le })

/** Nodes of type 1. UEFI 2.10, sections 10.3.2 and 10.6.1.6. */
export const hardwareTexts: NodeTexts = {
  1: nodeText(pci, (n) => `Pci(${hex(n.device)},${hex(n.function)})`),
  2: nodeText(u8, (n) => `PcCard(${hex(n)})`),
  3: nodeText(memoryMapped, (n) => `MemoryMapped(${hex(n.memoryType)},${hex(n.start)},${hex(n.end)})`),
  4: nodeText(vendorNode, (n) => `VenHw(${n.guid}${optionalHex(n.data)})`),
  5: nodeText(u32le, (n) => `Ctrl(${hex(n)})`),
  6: nodeText(bmc, (n) => `BMC(${hex(n.interfaceType)},${hex(n.baseAddress)})`),
}
