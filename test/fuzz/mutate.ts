import type { Random } from './random.js'

/** Numbers at which parsers turn: limits of signs and widths, and sizes that are almost right. */
const edges = [0, 1, 2, 4, 8, 16, 20, 32, 48, 64, 127, 128, 255, 256, 4_096, 32_767, 32_768, 65_535]
const wideEdges = [...edges, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff]

type Mutator = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array

const at = (bytes: Uint8Array, random: Random): number => random.below(Math.max(1, bytes.length))

/** Bytes with the part from `start` to `end` replaced. */
function splice(bytes: Uint8Array, start: number, end: number, middle: Uint8Array): Uint8Array {
  const result = new Uint8Array(start + middle.length + Math.max(0, bytes.length - end))
  result.set(bytes.subarray(0, start))
  result.set(middle, start)
  result.set(bytes.subarray(end), start + middle.length)
  return result
}

function withNumber(bytes: Uint8Array, random: Random, width: 1 | 2 | 4): Uint8Array {
  if (bytes.length < width) return bytes
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  const offset = random.below(copy.length - width + 1)
  const littleEndian = random.below(2) === 0
  const list = width === 4 ? wideEdges : edges
  const edge = list[random.below(list.length)] as number
  const step = random.below(9) - 4
  if (width === 1) copy[offset] = random.below(2) === 0 ? edge : (copy[offset] as number) + step
  else if (width === 2) {
    view.setUint16(
      offset,
      random.below(2) === 0 ? edge : view.getUint16(offset, littleEndian) + step,
      littleEndian,
    )
  } else {
    view.setUint32(
      offset,
      random.below(2) === 0 ? edge : view.getUint32(offset, littleEndian) + step,
      littleEndian,
    )
  }
  return copy
}

const mutators: readonly Mutator[] = [
  (bytes, random) => {
    const copy = bytes.slice()
    const place = at(copy, random)
    copy[place] = (copy[place] ?? 0) ^ (1 << random.below(8))
    return copy
  },
  (bytes, random) => {
    const copy = bytes.slice()
    copy[at(copy, random)] = random.below(256)
    return copy
  },
  (bytes, random) => withNumber(bytes, random, 1),
  (bytes, random) => withNumber(bytes, random, 2),
  (bytes, random) => withNumber(bytes, random, 4),
  (bytes, random) => bytes.slice(0, at(bytes, random)),
  (bytes, random) => {
    const start = at(bytes, random)
    return splice(bytes, start, start + 1 + random.below(16), new Uint8Array(0))
  },
  (bytes, random) => {
    const place = at(bytes, random)
    const fill = random.below(2) === 0 ? random.below(256) : 0
    return splice(bytes, place, place, new Uint8Array(1 + random.below(16)).fill(fill))
  },
  (bytes, random) => {
    const start = at(bytes, random)
    const end = Math.min(bytes.length, start + 1 + random.below(64))
    const to = at(bytes, random)
    return splice(bytes, to, random.below(2) === 0 ? to : to + end - start, bytes.subarray(start, end))
  },
  (bytes, random, others) => {
    const other = others[random.below(others.length)] ?? bytes
    const start = at(other, random)
    const end = Math.min(other.length, start + 1 + random.below(256))
    const to = at(bytes, random)
    return splice(bytes, to, random.below(2) === 0 ? to : to + end - start, other.subarray(start, end))
  },
]

/** Longest input that is tried, in bytes. */
const maxLength = 64 * 1024

/** Bytes changed in one to eight small ways; `others` lend parts. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  let result = bytes
  const steps = 1 << random.below(4)
  for (let i = 0; i < steps; i++) {
    const mutator = mutators[random.below(mutators.length)] as Mutator
    result = mutator(result, random, others)
  }
  return result.length > maxLength ? result.slice(0, maxLength) : result
}
