import { struct, u32le } from '../../../codec/index.js'
import { repeated } from '../repeated.js'
import { utf8z } from '../text.js'
import { hex, type NodeTexts, nodeText } from './node.js'

const acpi = struct('ACPI_HID_DEVICE_PATH', { hid: u32le, uid: u32le })
const extended = struct('ACPI_EXTENDED_HID_DEVICE_PATH', {
  hid: u32le,
  uid: u32le,
  cid: u32le,
  hidText: utf8z,
  uidText: utf8z,
  cidText: utf8z,
})

/** Devices with a name of their own, by EISA identifier. */
const devices: ReadonlyMap<string, string> = new Map([
  ['PNP0A03', 'PciRoot'],
  ['PNP0A08', 'PcieRoot'],
  ['PNP0604', 'Floppy'],
  ['PNP0301', 'Keyboard'],
  ['PNP0501', 'Serial'],
  ['PNP0401', 'ParallelPort'],
])

/** Nodes of type 2. UEFI 2.10, sections 10.3.3 and 10.6.1.6. */
export const acpiTexts: NodeTexts = {
  1: nodeText(acpi, ({ hid, uid }) => {
    const id = eisaId(hid)
    const device = devices.get(id)
    return device === undefined ? `Acpi(${id},${hex(uid)})` : `${device}(${hex(uid)})`
  }),
  2: nodeText(extended, ({ hid, uid, cid, hidText, uidText, cidText }) => {
    const short = uid === 0 && hidText === '' && cidText === '' && uidText !== ''
    const ids = `${eisaId(hid)},${eisaId(cid)}`
    return short
      ? `AcpiExp(${ids},${uidText})`
      : `AcpiEx(${ids},${hex(uid)},${hidText},${cidText},${uidText})`
  }),
  3: nodeText(repeated(u32le), (addresses) => `AcpiAdr(${addresses.map(hex).join(',')})`),
  4: nodeText(u32le, (handle) => `NvdimmAcpiAdr(${hex(handle)})`),
}

/** A compressed EISA identifier: three letters of 5 bits and four hexadecimal digits; 0 for none. */
function eisaId(id: number): string {
  if (id === 0) return '0'
  const letters = [10, 5, 0].map((shift) => (id >>> shift) & 0x1f)
  if (letters.some((letter) => letter < 1 || letter > 26)) return hex(id)
  const number = (id >>> 16).toString(16).toUpperCase().padStart(4, '0')
  return String.fromCharCode(...letters.map((letter) => 0x40 + letter)) + number
}
