import { type Codec, type Infer, sizedView, struct, u32le } from '../../codec/index.js'
import { isMalformed, readOrExplain } from './malformed.js'

/** A log's events are limited already; this only keeps a size from being read as more. */
const maxTaggedData = 0xffff_ffff

const taggedEventDef = struct('TCG_PCClientTaggedEvent', {
  taggedEventId: u32le,
  taggedEventData: sizedView(u32le, maxTaggedData),
})
/** TCG_PCClientTaggedEvent: data of an EV_EVENT_TAG. PC Client Platform Firmware Profile, section 10.4.2. */
export interface TcgTaggedEvent extends Infer<typeof taggedEventDef> {}
/** Codec of {@link TcgTaggedEvent}; what is read is a view of the input. */
export const tcgTaggedEvent: Codec<TcgTaggedEvent> = taggedEventDef

/** Reads an event's data; undefined when it is not one tagged event exactly. */
export function readTaggedEvent(data: Uint8Array): TcgTaggedEvent | undefined {
  const event = readOrExplain(tcgTaggedEvent, data)
  return isMalformed(event) ? undefined : event
}
