import { utf8 } from '../../bytes/index.js'
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

/** What ends a label of GRUB before what was measured: `grub_cmd: linux /vmlinuz`, and of Red Hat's older one. */
const labelEnds = [': ', ' '].map((end) => utf8(end))

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

/** What stands behind the label of the text, however that ends. */
function contentParts({ bytes }: FoundText): readonly MeasuredPart[] {
  return labelEnds.flatMap((end) => {
    const at = bytes.findIndex((_, i) => end.every((byte, j) => bytes[i + j] === byte))
    return at === -1 ? [] : [{ part: 'content' as const, bytes: bytes.subarray(at + end.length) }]
  })
}
