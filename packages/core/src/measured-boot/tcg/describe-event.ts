import { toHex } from '../../bytes/index.js'
import { readVariable } from '../events/uefi-variable.js'
import type { TcgEvent } from './event-log.js'

/** Longest excerpt of an event's data, in characters. */
const maxExcerpt = 200
/** Of a longer text this much of the start is kept; the rest of the excerpt is its end, where options are added. */
const keptStart = 120
/** A text is looked for in at most this much data, in bytes. */
const maxTextBytes = 4096
/** A value of at most this many bytes is shown in hexadecimal. */
const maxShownValue = 8

/**
 * An event in a few words for reasons and reports: its type and, where its data is a text or a variable, an excerpt of
 * that, as in `EV_IPL 'grub_cmd: linux /vmlinuz quiet'`. Without control characters, line breaks and invisible
 * characters, excerpts of at most 200 characters. It repeats what the event says of itself, true or not.
 */
export function describeEvent(event: TcgEvent): string {
  return `${describeType(event)} ${describeData(event)}`
}

/** Name of an event's type, or its number in hexadecimal when it has none. */
export function describeType(event: Pick<TcgEvent, 'type' | 'typeName'>): string {
  return event.typeName ?? `0x${event.type.toString(16).padStart(8, '0')}`
}

function describeData(event: TcgEvent): string {
  const { data, typeName } = event
  if (typeName?.startsWith('EV_EFI_VARIABLE') === true) {
    const variable = readVariable(data)
    if (variable !== undefined) return `'${printable(variable.name)}' ${describeValue(variable.data)}`
  }
  const text = readText(data)
  return text === undefined || text === '' ? describeValue(data) : `'${printable(text)}'`
}

function describeValue(value: Uint8Array): string {
  if (value.length === 0) return '(empty)'
  return value.length <= maxShownValue ? `= ${toHex(value)}` : `(${value.length} bytes)`
}

/** Text of the data up to closing NULs, as UTF-8 or, when every other byte is 0, UTF-16. */
function readText(data: Uint8Array): string | undefined {
  let end = data.length
  while (end > 0 && data[end - 1] === 0) end--
  if (end > maxTextBytes) return undefined
  const wide = end > 1 && data[1] === 0
  const bytes = data.subarray(0, wide ? end + (end % 2) : end)
  try {
    const text = new TextDecoder(wide ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes)
    return /\p{Cc}/u.test(text.replaceAll(/[\t\r\n]/g, '')) ? undefined : text
  } catch {
    return undefined
  }
}

function printable(text: string): string {
  const characters = Array.from(text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' '))
  if (characters.length <= maxExcerpt) return characters.join('')
  const keptEnd = maxExcerpt - keptStart - 1
  return `${characters.slice(0, keptStart).join('')}…${characters.slice(-keptEnd).join('')}`
}
