import { describeError, isTrustholdError } from '@trusthold/core/errors'

/**
 * Something that the user has to mend: a wrong option, or a file that cannot be read or is malformed. The message is
 * one line and says what, where and what was expected; the exit status is 2.
 */
export class UserError extends Error {
  override readonly name = 'UserError'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
  }
}

/**
 * Runs `read` and says of what it refuses that it stands in this file.
 * @param file how the user named it
 * @throws UserError for every error that is about the input; others pass
 */
export function inFile<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError) && !isTrustholdError(error)) throw error
    throw new UserError(`${file}: ${describeError(error)}`, error)
  }
}
