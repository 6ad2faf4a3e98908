import { equalBytes, fromHex } from '../../bytes/index.js'
import { bytesOf, type Codec, decode, type Reader, u64le, type Writer } from '../../codec/index.js'

/** UEFI_VARIABLE_DATA: a variable as the firmware measured it. PC Client Platform Firmware Profile, section 10.2.6. */
export interface UefiVariableData {
  /** EFI_GUID as it stands in memory, 16 bytes. */
  readonly vendor: Uint8Array
  /** UTF-16, decoded. */
  readonly name: string
  readonly data: Uint8Array
}

/** EFI_GLOBAL_VARIABLE, 8be4df61-93ca-11d2-aa0d-00e098032b8c, as it stands in memory. */
const globalVendor = fromHex('61dfe48bca93d211aa0d00e098032b8c')
const guid = bytesOf(16)
/** Names are a few words long. */
const maxNameLength = 1024

/** Codec of {@link UefiVariableData}: vendor, length of the name in characters, length of the data, name, data. */
export const uefiVariableData: Codec<UefiVariableData> = {
  name: 'UEFI_VARIABLE_DATA',
  read(r: Reader) {
    const vendor = guid.read(r)
    const at = r.offset
    const nameLength = u64le.read(r)
    const dataLength = u64le.read(r)
    if (nameLength > maxNameLength) r.reject(`at most ${maxNameLength} characters`, String(nameLength), at)
    const name = readName(r, Number(nameLength))
    if (dataLength > r.remaining) r.reject(`at most ${r.remaining} bytes of data`, String(dataLength), at + 8)
    return { vendor, name, data: r.bytes(Number(dataLength)) }
  },
  write(w: Writer, { vendor, name, data }) {
    guid.write(w, vendor)
    u64le.write(w, BigInt(name.length))
    u64le.write(w, BigInt(data.length))
    for (let i = 0; i < name.length; i++) w.u16(name.charCodeAt(i), true)
    w.bytes(data)
  },
}

/** Reads the data of a variable's event; undefined when it is not one exactly. */
export function readVariable(data: Uint8Array): UefiVariableData | undefined {
  try {
    return decode(uefiVariableData, data)
  } catch {
    // Data is what an event says of itself; one that is no variable is not an error but a fact.
    return undefined
  }
}

/** Whether a variable is one of UEFI's own with this name. */
export function isGlobalVariable(variable: UefiVariableData, name: string): boolean {
  return variable.name === name && equalBytes(variable.vendor, globalVendor)
}

function readName(r: Reader, length: number): string {
  let name = ''
  for (let i = 0; i < length; i++) name += String.fromCharCode(r.u16(true))
  return name
}
