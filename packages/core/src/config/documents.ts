import type { z } from 'zod'
import { utf8 } from '../bytes/index.js'
import { describeError, TrustholdError } from '../errors/index.js'

/** A JSON document's form: what is stored is checked when it is read again. */
export interface DocumentFormat<T> {
  /** @throws REQUEST_INVALID for what could not be read again */
  encode(document: T): Uint8Array
  /** @throws STORE_CORRUPT when the bytes are not such a document */
  decode(bytes: Uint8Array, name: string): T
}

/** Documents as JSON that a schema describes. Members that the schema does not know are refused. */
export function jsonDocument<T>(schema: z.ZodType<T>): DocumentFormat<T> {
  return {
    encode: (document) => utf8(JSON.stringify(parseInput(schema, document, 'document'))),
    decode(bytes, name) {
      try {
        return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
      } catch (cause) {
        throw new TrustholdError(
          'STORE_CORRUPT',
          { key: name, reason: 'not a document of its kind' },
          { cause },
        )
      }
    },
  }
}

/** A JSON value's problem as errors state it, from a schema's verdict. */
export function requestInvalid(error: z.ZodError, root: string): TrustholdError<'REQUEST_INVALID'> {
  const issue = error.issues[0]
  const path = [root, ...(issue?.path ?? []).map(String)].join('.')
  return new TrustholdError('REQUEST_INVALID', {
    path,
    // It may name a member that was not expected, at any length.
    expected: describeError(issue?.message ?? 'a valid document').slice(0, 200),
    actual: 'something else',
  })
}

/**
 * Checks untrusted input against a schema.
 * @throws REQUEST_INVALID with the path of the first problem
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, root: string): T {
  const result = schema.safeParse(input)
  if (!result.success) throw requestInvalid(result.error, root)
  return result.data
}
