import type { PcrValues } from '@trusthold/core/evidence'

const algorithms: Readonly<Record<string, number>> = { sha1: 4, sha256: 11, sha384: 12, sha512: 13 }

/**
 * Writes PCR values as `tpm2_quote -o` does: the memory of tpm2-tss' structures on a little-endian machine. Written
 * down apart from the reader, after the files of tpm2-tools 5.4.
 */
export function serialize(pcrs: readonly PcrValues[]): Uint8Array {
  const head = Buffer.alloc(4 + 16 * 8)
  head.writeUInt32LE(pcrs.length, 0)
  for (const [i, { bank, values }] of pcrs.entries()) {
    const at = 4 + 8 * i
    head.writeUInt16LE(algorithms[bank] ?? 0, at)
    head.writeUInt8(3, at + 2)
    for (const pcr of values.keys()) {
      const octet = at + 3 + Math.floor(pcr / 8)
      head.writeUInt8(head.readUInt8(octet) | (1 << (pcr % 8)), octet)
    }
  }
  const digests = pcrs.flatMap(({ values }) => [...values.values()])
  const lists: Buffer[] = []
  for (let first = 0; first < digests.length; first += 8) {
    const list = Buffer.alloc(4 + 8 * 66)
    const part = digests.slice(first, first + 8)
    list.writeUInt32LE(part.length, 0)
    for (const [i, digest] of part.entries()) {
      list.writeUInt16LE(digest.length, 4 + 66 * i)
      list.set(digest, 6 + 66 * i)
    }
    lists.push(list)
  }
  const count = Buffer.alloc(4)
  count.writeUInt32LE(lists.length)
  return new Uint8Array(Buffer.concat([head, count, ...lists]))
}
