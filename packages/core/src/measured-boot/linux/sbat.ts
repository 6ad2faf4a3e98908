/** A component's generation: what is older was revoked. */
export interface SbatEntry {
  readonly component: string
  readonly generation: number
  /** What follows: the date of a level, or who made a component, its name, its version, and where to ask. */
  readonly fields: readonly string[]
}

const byteOrderMark = '\ufeff'
const wholeNumber = /^[1-9]\d{0,8}$/
const componentName = /^[\x21-\x2b\x2d-\x7e]+$/

/**
 * Reads SBAT: lines of a component and its generation, with commas between and nothing that escapes them. shim keeps the
 * lowest generations that it accepts so, in the variable SbatLevel, and every image says its own so, in its section
 * `.sbat`. shim, `SBAT.md`.
 * @returns undefined when a line is not of that form
 */
export function readSbat(text: string): readonly SbatEntry[] | undefined {
  const lines = withoutMark(withoutNuls(text)).split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  const entries = lines.map(readLine)
  return entries.every((entry) => entry !== undefined) && entries.length > 0 ? entries : undefined
}

/** No pattern: one for the end of a text takes quadratic time where it looks like its end in the middle. */
function withoutNuls(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '\0') end--
  return text.slice(0, end)
}

const withoutMark = (text: string): string => (text.startsWith(byteOrderMark) ? text.slice(1) : text)

function readLine(line: string): SbatEntry | undefined {
  const [component = '', generation, ...fields] = line.split(',')
  if (!componentName.test(component)) return undefined
  return generation !== undefined && wholeNumber.test(generation)
    ? { component, generation: Number(generation), fields }
    : undefined
}

/**
 * Whether a level accepts nothing that another one revokes: it has each of its components with that generation or a
 * higher one.
 */
export function coversSbatLevel(level: readonly SbatEntry[], wanted: readonly SbatEntry[]): boolean {
  return wanted.every(({ component, generation }) =>
    level.some((entry) => entry.component === component && entry.generation >= generation),
  )
}
