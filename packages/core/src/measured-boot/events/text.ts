import { equalBytes, utf8 } from '../../bytes/index.js'
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
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return equalBytes(utf8(text), bytes) ? text : undefined
}

/** UTF-16 of so many characters (code units, as CHAR16), whatever they are. */
export function readUtf16(r: Reader, length: number): string {
  const units = r.part(2 * length)
  let text = ''
  while (units.remaining > 0) text += String.fromCharCode(units.u16(true))
  return text
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
    if (text.includes('\0')) w.reject('a text without NUL', 'one with NUL')
    for (let i = 0; i < text.length; i++) w.u16(text.charCodeAt(i), true)
    w.u16(0)
  },
}
