/** The first line of a file that holds a password; it may end with one, as editors have it. */
export function firstLine(file: Buffer): Uint8Array {
  const end = file.findIndex((byte) => byte === 0x0a || byte === 0x0d)
  return Uint8Array.from(end === -1 ? file : file.subarray(0, end))
}
