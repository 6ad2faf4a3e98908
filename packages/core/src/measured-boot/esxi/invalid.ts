import { describeError, isTrustholdError, TrustholdError } from '../../errors/index.js'

/** Longest excerpt of what came from outside, in characters. */
const maxExcerpt = 200

/** An error about an image; `path` is the file in the archive, with line and column where it has them. */
export function invalidImage(path: string, expected: string, actual: string): TrustholdError {
  return new TrustholdError('BASE_IMAGE_INVALID', { path: excerpt(path), expected, actual: excerpt(actual) })
}

/** {@link invalidImage} for what a library says of its input; an error of ours passes as it is. */
export function invalidFrom(path: string, expected: string, error: unknown): TrustholdError {
  return isTrustholdError(error) ? error : invalidImage(path, expected, describeError(error))
}

/** A text from outside on one line, without what would command a terminal, and not too long. */
function excerpt(text: string): string {
  const printable = text.slice(0, 2 * maxExcerpt).replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
  return printable.length <= maxExcerpt ? printable : `${printable.slice(0, maxExcerpt)}…`
}
