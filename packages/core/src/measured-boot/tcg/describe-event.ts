import { readEventData } from '../events/decode-event.js'
import { describeData } from '../events/describe-data.js'
import { printable } from '../printable.js'
import type { TcgEvent } from './event-log.js'

/**
 * An event in a few words for reasons and reports: its type and what its data says, such as an excerpt of a text, as in
 * `EV_IPL 'grub_cmd: linux /vmlinuz quiet'`, a device path, or the value of a variable. Without control characters, line
 * breaks and invisible characters, excerpts of at most 200 characters. It repeats what the event says of itself, true or
 * not.
 */
export function describeEvent(event: TcgEvent): string {
  return `${describeType(event)} ${describeData(readEventData(event).data, quote)}`
}

/** Name of an event's type, or its number in hexadecimal when it has none. */
export function describeType(event: Pick<TcgEvent, 'type' | 'typeName'>): string {
  return event.typeName ?? `0x${event.type.toString(16).padStart(8, '0')}`
}

function quote(text: string): string {
  return `'${printable(text)}'`
}
