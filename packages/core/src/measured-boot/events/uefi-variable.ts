import { bytesOf, type Codec, type Reader, u64le, type Writer } from '../../codec/index.js'
import { isMalformed, readOrExplain } from './malformed.js'
import { readUtf16, utf16Text } from './text.js'

/** UEFI_VARIABLE_DATA: a variable as the firmware measured it. PC Client Platform Firmware Profile, section 10.2.6. */
export interface UefiVariableData {
  /** EFI_GUID as it stands in memory, 16 bytes. */
  readonly vendor: Uint8Array
  /** UTF-16, decoded. */
  readonly name: string
  readonly data: Uint8Array
}

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
    const name = readUtf16(r, Number(nameLength))
    return { vendor, name, data: r.bytes(Number(dataLength)) }
  },
  write(w: Writer, { vendor, name, data }) {
    guid.write(w, vendor)
    u64le.write(w, BigInt(name.length))
    u64le.write(w, BigInt(data.length))
    utf16Text.write(w, name)
    w.bytes(data)
  },
}

/** Reads the data of a variable's event; undefined when it is not one exactly. */
export function readVariable(data: Uint8Array): UefiVariableData | undefined {
  const variable = readOrExplain(uefiVariableData, data)
  return isMalformed(variable) ? undefined : variable
}
