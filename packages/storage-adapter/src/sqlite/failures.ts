import { describeError, isTrustholdError, TrustholdError } from '@trusthold/core/errors'

// SQLite result codes by name (sqlite.org/rescode.html); extended codes start with the primary code's name.
const busy = /^SQLITE_(BUSY|LOCKED|PROTOCOL)/
const corrupt = /^SQLITE_(CORRUPT|NOTADB|FORMAT)/

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Whether another connection holds a lock, so that the same call is worth another try. */
export function isBusy(error: unknown): boolean {
  return busy.test(codeOf(error))
}

/**
 * What the contract says for an error of the driver.
 * @param path the file, for the error's context
 * @param operation what was tried
 */
export function translateFailure(error: unknown, path: string, operation: string): TrustholdError {
  if (isTrustholdError(error)) return error
  const code = codeOf(error)
  const reason = code === '' ? describeError(error) : `${code}: ${describeError(error)}`
  return corrupt.test(code)
    ? new TrustholdError('STORE_CORRUPT', { key: path, reason }, { cause: error })
    : new TrustholdError('STORE_UNAVAILABLE', { operation, reason }, { cause: error })
}
