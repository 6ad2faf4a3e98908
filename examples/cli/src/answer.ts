/** What a command found out, in both forms. */
export interface Answer {
  /** For `--json`: plain data, bytes in hexadecimal; bigints become strings. */
  readonly document: object
  /** Makes the lines for people, without control characters. */
  lines(): readonly string[]
  /** What was judged and is malformed, with file, place and what was expected; said on standard error too. */
  readonly malformed?: readonly string[]
  /** Exit status 0 or 1: whether the evidence is good; also when there was nothing to judge. */
  readonly good: boolean
}
