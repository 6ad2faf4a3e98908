import { toHex } from '../../../bytes/index.js'
import { type Codec, decode, type Reader, type Writer } from '../../../codec/index.js'
import { isTrustholdError } from '../../../errors/index.js'

/** EFI_DEVICE_PATH_PROTOCOL: one node of a device path. UEFI 2.10, section 10.2. */
export interface DevicePathNode {
  /** 1: hardware, 2: ACPI, 3: messaging, 4: media, 5: BIOS boot, 0x7f: end. */
  readonly type: number
  readonly subType: number
  /** What follows the node's head. */
  readonly data: Uint8Array
}

/** Type, sub-type and length, which counts itself. */
const headSize = 4
const maxNodeSize = 0xffff

/** Codec of {@link DevicePathNode}. */
export const devicePathNode: Codec<DevicePathNode> = {
  name: 'EFI_DEVICE_PATH_PROTOCOL',
  read(r: Reader) {
    const [type, subType] = [r.u8(), r.u8()]
    const at = r.offset
    const length = r.u16(true)
    if (length < headSize) r.reject(`a node of ${headSize} or more bytes`, String(length), at)
    return { type, subType, data: r.bytes(length - headSize) }
  },
  write(w: Writer, { type, subType, data }) {
    const length = headSize + data.length
    if (length > maxNodeSize) w.reject(`a node of at most ${maxNodeSize} bytes`, String(length))
    w.u8(type)
    w.u8(subType)
    w.u16(length, true)
    w.bytes(data)
  },
}

/** Writes the data of one kind of node as text; undefined when the data does not have the node's form. */
export type NodeText = (data: Uint8Array) => string | undefined

/** The texts of one type of node, by sub-type. */
export type NodeTexts = Readonly<Record<number, NodeText>>

/** Reads a node's data with a codec, which must take up all of it, and writes it as text; undefined as {@link NodeText}. */
export function nodeText<T>(codec: Codec<T>, write: (value: T) => string | undefined): NodeText {
  return (data) => {
    try {
      return write(decode(codec, data))
    } catch (error) {
      if (isTrustholdError(error)) return undefined
      throw error
    }
  }
}

/** A number as integers are written in device paths: `0x1f`. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

/** The parameters of a node that end with data which may be missing: `,0102` or nothing. */
export function optionalHex(data: Uint8Array): string {
  return data.length === 0 ? '' : `,${toHex(data)}`
}
