// Control and format characters (terminal commands, bidirectional overrides, zero width), surrogates, private and
// unassigned characters, line and paragraph separators.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu

/**
 * Text for a terminal. Whatever could command it, start a line or hide is shown as an escape, such as `\u{1b}`: names
 * and data come from machines that are not trusted.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/**
 * A JSON text of the document, indented, for files, programs and terminals alike: what {@link printable} escapes is
 * escaped here as JSON has it, so the text says the same and commands nobody. 64-bit integers become strings.
 */
export function toJsonText(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    2,
  )
  return text
    .split('\n')
    .map((line) => line.replace(unprintable, escapeUnits))
    .join('\n')
}

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
