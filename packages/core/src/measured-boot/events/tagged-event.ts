import { isMalformed, readOrExplain } from './malformed.js'
import { decoderOf, type EventDecoder, type RawBytes, whole } from './reading.js'
import { repeated } from './repeated.js'
import { type TcgTaggedEvent, tcgTaggedEvent } from './tcg-tagged-event.js'
import { type TextEvent, textOrBytes } from './text-event.js'

/** One tagged event: a number that says what its data is. */
export interface Tag {
  readonly id: number
  /** Empty when the data is other tagged events. */
  readonly bytes: Uint8Array
  /** The events that the data is; none when it is not such. */
  readonly tags: readonly Tag[]
}

/** EV_EVENT_TAG: measurements of an operating system. Windows measures its boot so. */
export interface TaggedEvents {
  readonly kind: 'tagged-events'
  readonly tags: readonly Tag[]
}

const list = repeated(tcgTaggedEvent)

/** Windows sets this bit in the number of an event that holds others. */
const aggregation = 0x4000_0000
/** Windows nests three deep. */
const maxDepth = 8

/**
 * Measured is the whole, as by Windows, or the data of a single event. The Linux kernel logs a label as data of what it
 * measures, which is then not covered. PC Client Platform Firmware Profile, section 10.4.2.1.
 */
export const taggedEvents: EventDecoder<TaggedEvents | TextEvent | RawBytes> = (data) => {
  const reading = readTags(data)
  return isMalformed(reading.data) ? withoutTags(data, reading) : reading
}

const readTags: EventDecoder<TaggedEvents> = decoderOf(list, (tags, data) => {
  const [only, ...others] = tags
  const content = only !== undefined && others.length === 0 ? only.taggedEventData : undefined
  return {
    data: { kind: 'tagged-events', tags: tags.map((tag) => nest(tag, 1)) },
    measured: [
      ...whole(data),
      ...(content === undefined ? [] : [{ part: 'content' as const, bytes: content }]),
    ],
  }
})

/** A bare text in place of a tagged event, as early kernels logged it; anything else stays malformed. */
function withoutTags<D>(data: Uint8Array, malformed: D): D | ReturnType<typeof textOrBytes> {
  const text = textOrBytes(data)
  return text.data.kind === 'text' ? text : malformed
}

function nest({ taggedEventId: id, taggedEventData: data }: TcgTaggedEvent, depth: number): Tag {
  const inner = (id & aggregation) !== 0 && depth < maxDepth ? readOrExplain(list, data) : []
  if (isMalformed(inner) || inner.length === 0) return { id, bytes: data, tags: [] }
  return { id, bytes: new Uint8Array(0), tags: inner.map((tag) => nest(tag, depth + 1)) }
}
