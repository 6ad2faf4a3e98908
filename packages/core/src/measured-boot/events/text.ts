import { fromUtf8, utf8 } from '../../bytes/index.js'
import type { Codec, Reader, Writer } from '../../codec/index.js'

/** UTF-8 up to the end of the enclosing structure; other bytes are refused. A byte order mark is a character. */
export const utf8Text: Codec<string> = {
  name: 'UTF-8',
  read(r: Reader) {
    const at = r.offset
    const bytes = r.bytes(r.remaining)
    const text = readUtf8(bytes)
    return text ?? r.reject('UTF-8', 'other bytes', at)
  },
  write: (w, text) => w.bytes(utf8(text)),
}

/** The text of UTF-8 bytes; undefined for bytes that are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes)
  } catch {
    // BYTES_ENCODING is all that it throws.
    return undefined
  }
}

/** UTF-16 of so many characters (code units, as CHAR16), whatever they are. */
export function readUtf16(r: Reader, length: number): string {
  return utf16Text.read(r.part(2 * length))
}

/** UTF-8 that ends with a NUL, which the text does not have. */
export const utf8z: Codec<string> = {
  name: 'CHAR8[]',
  read(r: Reader) {
    const at = r.offset
    const bytes: number[] = []
    for (let byte = r.u8(); byte !== 0; byte = r.u8()) bytes.push(byte)
    return readUtf8(Uint8Array.from(bytes)) ?? r.reject('UTF-8', 'other bytes', at)
  },
  write(w: Writer, text) {
    rejectNul(w, text)
    w.bytes(utf8(text))
    w.u8(0)
  },
}

/** UTF-16 up to the end of the enclosing structure, with whatever NULs there are. */
export const utf16Text: Codec<string> = {
  name: 'UTF-16',
  read(r: Reader) {
    let text = ''
    while (r.remaining > 0) text += String.fromCharCode(r.u16(true))
    return text
  },
  write(w: Writer, text) {
    for (let i = 0; i < text.length; i++) w.u16(text.charCodeAt(i), true)
  },
}

/** CHAR16[]: UTF-16 that ends with a NUL, which the text does not have. UEFI 2.10, section 2.3.1. */
export const utf16z: Codec<string> = {
  name: 'CHAR16[]',
  read(r: Reader) {
    let text = ''
    for (let unit = r.u16(true); unit !== 0; unit = r.u16(true)) text += String.fromCharCode(unit)
    return text
  },
  write(w: Writer, text) {
    rejectNul(w, text)
    utf16Text.write(w, text)
    w.u16(0)
  },
}

function rejectNul(w: Writer, text: string): void {
  if (text.includes('\0')) w.reject('a text without NUL', 'one with NUL')
}

/** A text up to its first NUL. */
export function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

/** A text that was found in data. */
export interface FoundText {
  readonly text: string
  /** Its bytes, without what closes it. */
  readonly bytes: Uint8Array
  /** What stands behind the closing NUL; undefined when that is nothing but NULs. */
  readonly trailing: Uint8Array | undefined
}

/**
 * Takes data for a text: UTF-8, or UTF-16 when its second byte is 0, up to the first NUL, without control characters
 * other than tabs and line breaks. Undefined when it is none or empty.
 */
export function findText(data: Uint8Array): FoundText | undefined {
  const size = data.length > 1 && data[0] !== 0 && data[1] === 0 && data.length !== 2 ? 2 : 1
  const end = endOfText(data, size)
  const bytes = data.subarray(0, end)
  const text = size === 2 ? decodeUtf16(bytes) : readUtf8(bytes)
  if (text === undefined || text === '' || /[^\P{Cc}\t\r\n]/u.test(text)) return undefined
  const rest = data.subarray(end)
  return { text, bytes, trailing: rest.every((byte) => byte === 0) ? undefined : rest }
}

/** Where the first character that is 0 starts, or where the last whole character ends. */
function endOfText(data: Uint8Array, size: 1 | 2): number {
  for (let i = 0; i + size <= data.length; i += size) {
    if (data[i] === 0 && (size === 1 || data[i + 1] === 0)) return i
  }
  return data.length - (data.length % size)
}

function decodeUtf16(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes)
  return text.includes('\ufffd') ? undefined : text
}
