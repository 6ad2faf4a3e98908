import { type Tag, taggedEvents } from '../events/tagged-event.js'
import type { TcgEvent } from '../tcg/event-log.js'

/** The one tag of an event that says that it is tagged; undefined for others. What it says need not have been measured. */
export function readTag(event: TcgEvent): Tag | undefined {
  if (event.typeName !== 'EV_EVENT_TAG') return undefined
  const { data } = taggedEvents(event.data)
  if (data.kind !== 'tagged-events') return undefined
  const [tag, ...others] = data.tags
  return others.length === 0 ? tag : undefined
}
