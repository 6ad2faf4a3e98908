import { type Codec, type Reader, u16le, u32le, type Writer } from '../../codec/index.js'
import { type DevicePath, efiDevicePath } from './device-path/device-path.js'
import { repeated } from './repeated.js'
import { utf16z } from './text.js'

/** EFI_LOAD_OPTION: what Boot#### and Driver#### hold. UEFI 2.10, section 3.1.3. */
export interface EfiLoadOption {
  /** Bits: 0x1 active, 0x2 force reconnect, 0x8 hidden, 0x1f00 category. */
  readonly attributes: number
  /** What people are shown. */
  readonly description: string
  /** The first is what is loaded. */
  readonly devicePaths: readonly DevicePath[]
  /** What is passed to the image: often a command line in UTF-16. */
  readonly optionalData: Uint8Array
}

const loadOptionActive = 0x1
const pathList = repeated(efiDevicePath)

/** Codec of {@link EfiLoadOption}; it takes all bytes up to the end of the enclosing structure. */
export const efiLoadOption: Codec<EfiLoadOption> = {
  name: 'EFI_LOAD_OPTION',
  read(r: Reader) {
    const attributes = u32le.read(r)
    const pathsSize = u16le.read(r)
    const description = utf16z.read(r)
    const devicePaths = pathList.read(r.part(pathsSize))
    return { attributes, description, devicePaths, optionalData: r.bytes(r.remaining) }
  },
  write(w: Writer, { attributes, description, devicePaths, optionalData }) {
    u32le.write(w, attributes)
    const sizeAt = w.length
    u16le.write(w, 0)
    utf16z.write(w, description)
    const pathsAt = w.length
    pathList.write(w, devicePaths)
    const size = w.length - pathsAt
    if (size > 0xffff) w.reject('at most 65535 bytes of device paths', String(size))
    w.patch(sizeAt, Uint8Array.of(size & 0xff, size >> 8))
    w.bytes(optionalData)
  },
}

/** Whether the boot manager tries the option by itself. */
export function isActive({ attributes }: EfiLoadOption): boolean {
  return (attributes & loadOptionActive) !== 0
}
