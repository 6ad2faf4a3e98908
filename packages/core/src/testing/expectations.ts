import assert from 'node:assert/strict'
import { type ErrorCode, isTrustholdError, type TrustholdError } from '../errors/index.js'

/** Fails unless the call throws, or its promise is rejected with, the error of that code. */
export async function expectCode<C extends ErrorCode>(
  code: C,
  run: () => unknown,
): Promise<TrustholdError<C>> {
  let result: unknown
  try {
    result = await run()
  } catch (error) {
    if (isTrustholdError(error, code)) return error
    throw new assert.AssertionError({ message: `expected ${code}`, actual: error, expected: code })
  }
  throw new assert.AssertionError({ message: `expected ${code}`, actual: result, expected: code })
}

/** Fails when something that must happen does not: a suite reports that itself instead of hanging in its runner. */
export async function expectWithin<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new assert.AssertionError({ message: `${what} did not happen in ${milliseconds} ms` })
    timer = setTimeout(() => reject(error), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
