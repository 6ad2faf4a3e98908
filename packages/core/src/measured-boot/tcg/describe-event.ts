import { readEventData } from '../events/decode-event.js'
import { describeData } from '../events/describe-data.js'
import type { TcgEvent } from './event-log.js'

/** Longest excerpt of a text in an event's data, in characters. */
const maxExcerpt = 200
/** Of a longer text this much of the start is kept; the rest of the excerpt is its end, where options are added. */
const keptStart = 120
/** Of a text that is longer than this, only so much of its start and end is looked at. */
const maxText = 4096

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
  const looked = text.length <= 2 * maxText ? text : text.slice(0, maxText) + text.slice(-maxText)
  return `'${printable(looked)}'`
}

function printable(text: string): string {
  const characters = Array.from(text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' '))
  if (characters.length <= maxExcerpt) return characters.join('')
  const keptEnd = maxExcerpt - keptStart - 1
  return `${characters.slice(0, keptStart).join('')}…${characters.slice(-keptEnd).join('')}`
}
