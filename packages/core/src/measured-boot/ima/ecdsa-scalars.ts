/**
 * Reads an ECDSA-Sig-Value in DER: a sequence of two positive integers, each in its shortest form, and nothing after
 * them. RFC 3279, section 2.2.3; X.690, sections 8.3 and 10.1.
 * @returns undefined for anything else
 */
export function ecdsaScalars(der: Uint8Array): { readonly r: bigint; readonly s: bigint } | undefined {
  const sequence = elementAt(der, 0, 0x30)
  if (sequence === undefined || sequence.end !== der.length) return undefined
  const r = elementAt(der, sequence.start, 0x02)
  if (r === undefined) return undefined
  const s = elementAt(der, r.end, 0x02)
  if (s === undefined || s.end !== der.length) return undefined
  const scalars = { r: integer(der, r), s: integer(der, s) }
  return scalars.r === undefined || scalars.s === undefined ? undefined : { r: scalars.r, s: scalars.s }
}

interface Extent {
  readonly start: number
  readonly end: number
}

/** Where the content of an element is that has the expected tag and a length of one or two bytes. */
function elementAt(der: Uint8Array, at: number, tag: number): Extent | undefined {
  if (der[at] !== tag) return undefined
  const first = der[at + 1] ?? 0xff
  const long = first === 0x81
  const length = long ? (der[at + 2] ?? 0) : first
  if (long ? length < 0x80 : length >= 0x80) return undefined
  const start = at + (long ? 3 : 2)
  return start + length > der.length ? undefined : { start, end: start + length }
}

function integer(der: Uint8Array, { start, end }: Extent): bigint | undefined {
  const first = der[start] ?? 0xff
  const padded = first === 0 && end - start > 1
  if (end === start || first >= 0x80 || (padded && (der[start + 1] as number) < 0x80)) return undefined
  return BigInt(`0x${Buffer.from(der.subarray(start, end)).toString('hex')}`)
}
