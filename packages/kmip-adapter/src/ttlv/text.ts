// Neither keeps anything between calls: `stream` is never set.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Below this a loop is quicker than the call into the decoder. */
const shortText = 64

function readAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    if (byte > 0x7f) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

const replacer = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text that bytes stand for, with U+FFFD in the place of what is not UTF-8. A byte order mark stays. */
export function replaceUtf8(bytes: Uint8Array, start: number, end: number): string {
  return replacer.decode(bytes.subarray(start, end))
}

/** The text that UTF-8 bytes stand for, or undefined when they are not UTF-8. A byte order mark stays. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  const ascii = end - start <= shortText ? readAscii(bytes, start, end) : undefined
  if (ascii !== undefined) return ascii
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    return undefined
  }
}
