/** Characters that could command a terminal, start a line or hide. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}

/** A line of JSON in which all such characters are escaped, inside of strings: elsewhere it has none. */
export function escapeJsonLine(line: string): string {
  return line.replace(unprintable, escapeUnits)
}
