import { TrustholdError } from '../errors/index.js'

/** What a codec found wrong, before the place is known. */
export type Problem =
  | { kind: 'underflow'; needed: number; available: number }
  | { kind: 'trailing'; trailing: number }
  | { kind: 'value'; expected: string; actual: string }
  | { kind: 'limit'; limit: number; actual: number }
  | { kind: 'range'; expected: string; actual: string }

/**
 * Travels from the field that failed up to `decode` or `encode` and collects the path on its way, so that reading
 * costs nothing for paths while all goes well.
 */
export class CodecFailure extends Error {
  readonly path: string[] = []

  constructor(
    readonly problem: Problem,
    readonly offset: number,
  ) {
    super(problem.kind)
  }
}

/** Adds the enclosing field's name to a failure on its way up. */
export function within(error: unknown, segment: string): unknown {
  if (error instanceof CodecFailure) error.path.unshift(segment)
  return error
}

/** Turns a failure into the error that callers see; anything else passes as it is. */
export function toCodecError(error: unknown, name: string): unknown {
  if (!(error instanceof CodecFailure)) return error
  const path = [name, ...error.path].join('.').replaceAll('.[', '[')
  const { problem, offset } = error
  switch (problem.kind) {
    case 'underflow':
      return new TrustholdError('CODEC_UNDERFLOW', {
        path,
        offset,
        needed: problem.needed,
        available: problem.available,
      })
    case 'trailing':
      return new TrustholdError('CODEC_TRAILING', { path, offset, trailing: problem.trailing })
    case 'value':
      return new TrustholdError('CODEC_VALUE', {
        path,
        offset,
        expected: problem.expected,
        actual: problem.actual,
      })
    case 'limit':
      return new TrustholdError('CODEC_LIMIT', { path, offset, limit: problem.limit, actual: problem.actual })
    case 'range':
      return new TrustholdError('CODEC_RANGE', { path, expected: problem.expected, actual: problem.actual })
  }
}
