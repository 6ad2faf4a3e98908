import { concatBytes } from '../../bytes/index.js'
import { decode, encode } from '../../codec/index.js'
import { readUtf8, utf16Text } from '../events/text.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'

/**
 * What GRUB puts before the texts that it measures, by versions: 2.04 and later, and that of RHEL 8. It hashes the text
 * alone, without it and without the NUL that ends the event's data, so it is a label. RHEL 8 hashes the NUL of commands.
 */
const grubPrefixes = [
  ['grub_cmd: ', 'command'],
  ['kernel_cmdline: ', 'kernel'],
  ['module_cmdline: ', 'module'],
  ['grub_cmd ', 'command'],
  ['grub_kernel_cmdline ', 'kernel'],
  ['grub_module_cmdline ', 'module'],
] as const

/** A text that GRUB measured into PCR 8. */
export interface GrubText {
  readonly event: number
  /** What the event says that the text is: a command of GRUB's, or the command line of a kernel or a module. A label. */
  readonly label: 'command' | 'kernel' | 'module'
  /** As it was measured. */
  readonly text: string
}

/** A text of GRUB's, if the event's digest is that of it. */
export function readGrubText(log: ProvedLog, event: TcgEvent): GrubText | undefined {
  const { data } = event
  const text = readUtf8(data.at(-1) === 0 ? data.subarray(0, -1) : data) ?? ''
  const prefix = grubPrefixes.find(([start]) => text.startsWith(start))
  if (prefix === undefined || text.includes('\0')) return undefined
  const [start, label] = prefix
  // The prefixes are ASCII, so characters of them are bytes.
  const whole = data.subarray(start.length)
  const closed = whole.at(-1) === 0
  const isMeasured =
    log.isDigestOf(event, closed ? whole.subarray(0, -1) : whole) || (closed && log.isDigestOf(event, whole))
  if (!isMeasured) return undefined
  return { event: event.index, label, text: text.slice(start.length) }
}

/**
 * A text in UTF-16 that ends with a NUL, if the event's digest is that of it with its NUL: how systemd's loaders measure
 * options. Old versions log one byte too few, half of the NUL.
 */
export function readWideText(log: ProvedLog, event: TcgEvent): string | undefined {
  const data = event.data.length % 2 === 0 ? event.data : concatBytes(event.data, Uint8Array.of(0))
  const text = decodeWide(data)
  return text !== undefined && log.isDigestOf(event, data) ? text : undefined
}

/** The text of UTF-16 that ends with a NUL and has no other; undefined when it is none. */
export function decodeWide(data: Uint8Array): string | undefined {
  if (data.length < 2 || data.length % 2 !== 0) return undefined
  const text = decode(utf16Text, data)
  return text.indexOf('\0') === text.length - 1 ? text.slice(0, -1) : undefined
}

/** UTF-16 of a text, without a NUL. */
export function encodeWide(text: string): Uint8Array {
  return encode(utf16Text, text)
}

/** UTF-16 of a text, with a NUL behind it. */
export function encodeWideEnd(text: string): Uint8Array {
  return encodeWide(`${text}\0`)
}

/** What an event in PCR 9 calls a file: a path in UTF-8, up to its NUL; undefined when it is no text. */
export function readFileLabel({ data }: TcgEvent): string | undefined {
  const text = readUtf8(data.at(-1) === 0 ? data.subarray(0, -1) : data)
  return text === undefined || text === '' || /\p{Cc}/u.test(text) ? undefined : text
}
