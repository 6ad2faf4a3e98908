import { TrustholdError } from '@trusthold/core/errors'
import { pathAt } from './path.js'

/** What was found wrong while reading, before its path is known. */
export type ReadProblem =
  | { kind: 'underflow'; needed: number; available: number }
  | { kind: 'trailing'; trailing: number }
  | { kind: 'value'; expected: string; actual: string }
  | { kind: 'limit'; limit: number; actual: number }

/** Leaves the readers with an offset only; {@link toReadError} finds the path, so that good input pays nothing for it. */
export class ReadFailure extends Error {
  constructor(
    readonly problem: ReadProblem,
    readonly offset: number,
  ) {
    super(problem.kind)
  }
}

/** Fails with a value that the definition does not allow. Neither text may hold a value that could be secret. */
export function rejectRead(offset: number, expected: string, actual: string): never {
  throw new ReadFailure({ kind: 'value', expected, actual }, offset)
}

/** Turns a failure into the error that callers see; anything else passes as it is. */
export function toReadError(error: unknown, bytes: Uint8Array): unknown {
  if (!(error instanceof ReadFailure)) return error
  const { problem, offset } = error
  const place = { path: pathAt(bytes, offset), offset }
  switch (problem.kind) {
    case 'underflow':
      return new TrustholdError('CODEC_UNDERFLOW', {
        ...place,
        needed: problem.needed,
        available: problem.available,
      })
    case 'trailing':
      return new TrustholdError('CODEC_TRAILING', { ...place, trailing: problem.trailing })
    case 'value':
      return new TrustholdError('CODEC_VALUE', {
        ...place,
        expected: problem.expected,
        actual: problem.actual,
      })
    case 'limit':
      return new TrustholdError('CODEC_LIMIT', { ...place, limit: problem.limit, actual: problem.actual })
  }
}

/** A value that cannot be written; collects its path on the way up to {@link toWriteError}. */
export class WriteFailure extends Error {
  readonly path: string[] = []

  constructor(
    readonly expected: string,
    readonly actual: string,
  ) {
    super(expected)
  }
}

/** Adds the enclosing field's name to a failure on its way up. */
export function within(error: unknown, segment: string): unknown {
  if (error instanceof WriteFailure) error.path.unshift(segment)
  return error
}

/** Turns a failure into the error that callers see; anything else passes as it is. */
export function toWriteError(error: unknown, root: string): unknown {
  if (!(error instanceof WriteFailure)) return error
  const path = [root, ...error.path].join('.').replaceAll('.[', '[')
  return new TrustholdError('CODEC_RANGE', { path, expected: error.expected, actual: error.actual })
}
