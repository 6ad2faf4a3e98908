/**
 * TPM manufacturers by the hexadecimal digits of their vendor id, as TPM_PT_MANUFACTURER has it and as the
 * tpmManufacturer attribute of an EK certificate writes it. TCG Vendor ID Registry.
 */
const vendors: ReadonlyMap<string, string> = new Map([
  ['414D4400', 'AMD'],
  ['41544D4C', 'Atmel'],
  ['4252434D', 'Broadcom'],
  ['4353434F', 'Cisco'],
  ['474F4F47', 'Google'],
  ['48504500', 'Hewlett Packard Enterprise'],
  ['49424D00', 'IBM'],
  ['49465800', 'Infineon'],
  ['494E5443', 'Intel'],
  ['4C454E00', 'Lenovo'],
  ['4D534654', 'Microsoft'],
  ['4E534D20', 'National Semiconductor'],
  ['4E544300', 'Nuvoton'],
  ['4E545A00', 'Nationz'],
  ['51434F4D', 'Qualcomm'],
  ['524F4343', 'Fuzhou Rockchip'],
  ['534D5343', 'SMSC'],
  ['534D534E', 'Samsung'],
  ['534E5300', 'Sinosun'],
  ['53544D20', 'STMicroelectronics'],
  ['54584E00', 'Texas Instruments'],
  ['57454300', 'Winbond'],
  // Not of the registry: the PCI vendor id of IBM, which swtpm gives as its own.
  ['00001014', 'swtpm'],
  // Not of the registry either.
  ['54525354', 'Trusthold software TPM'],
])

/** A TPM's manufacturer. */
export interface Manufacturer {
  /** Eight upper-case hexadecimal digits. */
  readonly id: string
  /** Absent when the id is not in the registry that we know. */
  readonly name?: string
}

/** The manufacturer of a vendor id of eight hexadecimal digits. */
export function manufacturerOf(hex: string): Manufacturer {
  const id = hex.toUpperCase()
  const name = vendors.get(id)
  return name === undefined ? { id } : { id, name }
}
