import { itemTypes } from './item-type.js'
import { tagName } from './tags.js'

const headerLength = 8
const longestPath = 40

/** An item that surely or partly lies in the bytes: what its header says, without a check of anything. */
interface Sighting {
  readonly tag: number
  readonly type: number
  readonly end: number
}

function sight(view: DataView, at: number): Sighting {
  const word = view.getUint32(at)
  const length = view.getUint32(at + 4)
  return { tag: word >>> 8, type: word & 0xff, end: at + headerLength + Math.ceil(length / 8) * 8 }
}

/**
 * The path of tags that leads to a position of a message, such as `ResponseMessage.BatchItem[1].ResponsePayload`: by
 * name, with a count from 0 where items of one tag repeat, the first one's left out. The bytes need not be well-formed.
 */
export function pathAt(bytes: Uint8Array, offset: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const path: string[] = []
  const seen = new Map<number, number>()
  let at = 0
  while (at <= offset && at + headerLength <= bytes.length && path.length < longestPath) {
    const item = sight(view, at)
    const count = seen.get(item.tag) ?? 0
    seen.set(item.tag, count + 1)
    if (item.end <= offset) {
      at = item.end
      continue
    }
    path.push(count === 0 ? tagName(item.tag) : `${tagName(item.tag)}[${count}]`)
    if (item.type !== itemTypes.Structure || offset < at + headerLength) break
    at += headerLength
    seen.clear()
  }
  return path.length === 0 ? 'TTLV' : path.join('.')
}
