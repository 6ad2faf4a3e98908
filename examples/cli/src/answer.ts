/** What a command found out, in both forms. */
export interface Answer {
  /** For `--json`: plain data, bytes in hexadecimal; bigints become strings. */
  readonly document: object
  /** For people, without control characters. */
  readonly lines: readonly string[]
  /** Exit status 0 or 1: whether the evidence is good; also when there was nothing to judge. */
  readonly good: boolean
}
