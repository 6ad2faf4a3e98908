/** Longest excerpt, in characters. */
const maxExcerpt = 200
/** Of a text that is longer than twice this, only so much of its start and end is looked at. */
const maxLooked = 4096

/**
 * A text for reasons and reports: one line without control characters and invisible characters, of at most 200
 * characters. Of a longer one the start and the end are kept.
 * @param keptStart how much of the start is kept, in characters
 */
export function printable(text: string, keptStart = 120): string {
  const looked = text.length <= 2 * maxLooked ? text : text.slice(0, maxLooked) + text.slice(-maxLooked)
  const characters = Array.from(looked.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' '))
  if (characters.length <= maxExcerpt) return characters.join('')
  const keptEnd = maxExcerpt - keptStart - 1
  return `${characters.slice(0, keptStart).join('')}…${characters.slice(-keptEnd).join('')}`
}
