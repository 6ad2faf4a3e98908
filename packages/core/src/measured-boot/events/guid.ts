import { fromHex, toHex } from '../../bytes/index.js'
import type { Codec, Reader, Writer } from '../../codec/index.js'

/** A GUID as a text of 32 lower-case hexadecimal digits in five groups: `8be4df61-93ca-11d2-aa0d-00e098032b8c`. */
export type Guid = `${string}-${string}-${string}-${string}-${string}`

const pattern = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i
const littleEndianGroups = 3

/**
 * Codec of EFI_GUID: 16 bytes, the first three groups little-endian, the other two as they are written. It reads
 * {@link Guid} and writes any case. UEFI 2.10, appendix A.
 */
export const efiGuid: Codec<Guid> = {
  name: 'EFI_GUID',
  read: (r: Reader) =>
    `${reversed(r.bytes(4))}-${reversed(r.bytes(2))}-${reversed(r.bytes(2))}-${tail(r.bytes(8))}`,
  write(w: Writer, guid) {
    const groups = pattern.exec(guid)
    if (groups === null) w.reject('a GUID of five groups of hexadecimal digits', 'another text')
    const fields = groups.slice(1).map((group) => fromHex(group))
    fields.forEach((field, i) => {
      w.bytes(i < littleEndianGroups ? field.reverse() : field)
    })
  },
}

function reversed(bytes: Uint8Array): string {
  return toHex(bytes.reverse())
}

function tail(bytes: Uint8Array): `${string}-${string}` {
  const text = toHex(bytes)
  return `${text.slice(0, 4)}-${text.slice(4)}`
}
