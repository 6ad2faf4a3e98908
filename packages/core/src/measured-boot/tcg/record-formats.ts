import { invalidEvent, need } from './failures.js'
import {
  agileHead,
  type DeclaredAlgorithm,
  type RecordLayout,
  regularLayout,
  sha1Layout,
  sha1SizeAt,
  sizeField,
} from './records.js'

/** One of the two forms that the records of a log have. */
export interface RecordFormat {
  readonly algorithms: readonly DeclaredAlgorithm[]
  /** What nearly all records look like. */
  readonly layout: RecordLayout
  /** Whether the record at an offset is of that layout for sure: all there up to its data, and no padding. */
  isRegular(offset: number): boolean
  /**
   * Layout of a record that is not.
   * @throws CODEC_UNDERFLOW, EVENT_LOG_INVALID
   */
  readLayout(index: number, offset: number): RecordLayout
}

/** Records with one digest of SHA-1. PC Client Platform Firmware Profile, section 10.2.1. */
export function sha1Format(view: DataView): RecordFormat {
  const head = sha1Layout.size + sizeField
  return {
    algorithms: [{ id: 0x0004, name: 'sha1', size: 20 }],
    layout: sha1Layout,
    isRegular(offset) {
      if (view.byteLength - offset < head) return false
      const pcr = view.getUint32(offset, true)
      // Where there is padding, PCR, type and size are all 0 or all 0xffffffff.
      return (pcr !== 0 && pcr !== 0xffff_ffff) || view.getUint32(offset + 4, true) !== pcr
    },
    readLayout(index, offset) {
      need(view, index, 'header', offset, sha1SizeAt)
      return sha1Layout
    },
  }
}

/** Records with a list of digests. Same, section 10.2.2. */
export function agileFormat(view: DataView, algorithms: readonly DeclaredAlgorithm[]): RecordFormat {
  const layout = regularLayout(algorithms)
  const head = layout.size + sizeField
  const layouts = new Map<string, RecordLayout>()
  const ids = algorithms.map(({ id }) => id)
  const idsAt = layout.digests.map((at) => at - 2)
  const count = ids.length
  return {
    algorithms,
    layout,
    isRegular(offset) {
      if (view.byteLength - offset < head || view.getUint32(offset + 8, true) !== count) return false
      for (let i = 0; i < count; i++) {
        if (view.getUint16(offset + (idsAt[i] as number), true) !== ids[i]) return false
      }
      return true
    },
    readLayout(index, offset) {
      const { key, layout: found } = walkDigests(view, algorithms, index, offset)
      const known = layouts.get(key)
      if (known === undefined) layouts.set(key, found)
      return known ?? found
    },
  }
}

/** Walks over an event's digests: each of a declared algorithm, none twice. */
function walkDigests(
  view: DataView,
  algorithms: readonly DeclaredAlgorithm[],
  event: number,
  offset: number,
): { key: string; layout: RecordLayout } {
  need(view, event, 'header', offset, agileHead)
  const count = view.getUint32(offset + 8, true)
  if (count > algorithms.length) {
    const expected = `at most ${algorithms.length}, as declared`
    throw invalidEvent(event, offset + 8, 'digestCount', expected, String(count))
  }
  const digests = algorithms.map(() => -1)
  let key = ''
  let at = offset + agileHead
  for (let i = 0; i < count; i++) {
    need(view, event, 'digests', at, 2)
    const id = view.getUint16(at, true)
    const place = algorithms.findIndex((algorithm) => algorithm.id === id)
    const size = algorithms[place]?.size
    if (size === undefined) throw badAlgorithm(event, at, 'a declared algorithm', id)
    if (digests[place] !== -1) throw badAlgorithm(event, at, 'each algorithm once', id)
    need(view, event, 'digests', at + 2, size)
    digests[place] = at + 2 - offset
    key += String.fromCharCode(id)
    at += 2 + size
  }
  return { key, layout: { digests, size: at - offset } }
}

function badAlgorithm(event: number, offset: number, expected: string, id: number): Error {
  return invalidEvent(event, offset, 'algorithmId', expected, `0x${id.toString(16)}`)
}
