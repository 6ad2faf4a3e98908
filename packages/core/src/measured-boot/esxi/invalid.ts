import { describeError, isTrustholdError, TrustholdError } from '../../errors/index.js'
import { printable } from '../printable.js'

/** An error about an image; `path` is the file in the archive, with line and column where it has them. */
export function invalidImage(path: string, expected: string, actual: string): TrustholdError {
  return new TrustholdError('BASE_IMAGE_INVALID', {
    path: printable(path),
    expected,
    actual: printable(actual),
  })
}

/** {@link invalidImage} for what a library says of its input; an error of ours passes as it is. */
export function invalidFrom(path: string, expected: string, error: unknown): TrustholdError {
  return isTrustholdError(error) ? error : invalidImage(path, expected, describeError(error))
}
