import type { MeasuredPart } from './coverage.js'
import { type EventDecoder, type RawBytes, rawDecoder, whole } from './reading.js'
import { type FoundText, findText } from './text.js'

/** Data that is a text: what firmware or a boot loader says that it does. */
export interface TextEvent {
  readonly kind: 'text'
  readonly text: string
  /** What stands behind the text's closing NUL, if that is more than NULs. */
  readonly trailing: Uint8Array | undefined
}

/** What separates a label of GRUB from what was measured: `grub_cmd: linux /vmlinuz`. */
const labelEnd = [0x3a, 0x20]

/** Data that is a text, or else bytes. Measured are the data, or the text without its closing NUL. */
export const textOrBytes: EventDecoder<TextEvent | RawBytes> = (data) => {
  const found = findText(data)
  return found === undefined || found.trailing !== undefined
    ? rawDecoder(data)
    : { data: textEvent(found), measured: [...whole(data), ...textParts(found)] }
}

/**
 * EV_IPL: a boot loader's text, or else bytes. The text is a label of the content that was measured, such as a file's
 * name, or has the content behind a label; then that content may be covered.
 */
export const bootLoaderText: EventDecoder<TextEvent | RawBytes> = (data) => {
  const found = findText(data)
  return found === undefined
    ? rawDecoder(data)
    : { data: textEvent(found), measured: [...whole(data), ...textParts(found), ...contentParts(found)] }
}

function textEvent({ text, trailing }: FoundText): TextEvent {
  return { kind: 'text', text, trailing }
}

/** The text's bytes. */
export function textParts({ bytes }: FoundText): readonly MeasuredPart[] {
  return [{ part: 'text', bytes }]
}

/** What stands behind the first label of the text. */
function contentParts({ bytes }: FoundText): readonly MeasuredPart[] {
  const at = bytes.findIndex((byte, i) => byte === labelEnd[0] && bytes[i + 1] === labelEnd[1])
  return at === -1 ? [] : [{ part: 'content', bytes: bytes.subarray(at + labelEnd.length) }]
}
