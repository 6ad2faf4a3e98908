import { isTrustholdError, type TrustholdError } from '../../src/errors/index.js'

/** What `work` throws; fails when it throws nothing, or something untyped. */
export function thrownBy(work: () => unknown): TrustholdError {
  try {
    work()
  } catch (error) {
    if (isTrustholdError(error)) return error
    throw new Error('expected a TrustholdError', { cause: error })
  }
  throw new Error('expected an error, nothing was thrown')
}

/** What a promise is rejected with; fails when it is fulfilled, or rejected with something untyped. */
export async function rejectionOf(work: Promise<unknown>): Promise<TrustholdError> {
  try {
    await work
  } catch (error) {
    if (isTrustholdError(error)) return error
    throw new Error('expected a TrustholdError', { cause: error })
  }
  throw new Error('expected an error, the promise was fulfilled')
}

/** The `check` or `reason` that an error's context names. */
export const checkOf = (error: TrustholdError): unknown => (error.context as { check?: unknown }).check
/** The `reason` of an error's context. */
export const reasonOf = (error: TrustholdError): unknown => (error.context as { reason?: unknown }).reason
