import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'

/** Whether nothing was sent yet when this went wrong, so that anything may be asked elsewhere. */
export function isUnreached(error: unknown): boolean {
  const isTransport =
    isTrustholdError(error, 'TRANSPORT_FAILED') || isTrustholdError(error, 'TRANSPORT_TIMEOUT')
  return isTransport && (error.context.phase === 'connect' || error.context.phase === 'tls')
}

/** Whether a request was sent and no answer came that could be believed: it may have been carried out or not. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!isTrustholdError(error)) return true
  switch (error.code) {
    case 'TRANSPORT_FAILED':
    case 'TRANSPORT_TIMEOUT':
      return !isUnreached(error)
    case 'KMIP_PROTOCOL':
    case 'TRANSPORT_ABORTED':
    case 'TRANSPORT_CLOSED':
      return true
    default:
      return error.code.startsWith('CODEC_') && error.code !== 'CODEC_RANGE'
  }
}

/** Whether the caller, the client or the time of the call ended it: then no server is asked any more. */
export function isOver(error: unknown): error is TrustholdError<'TRANSPORT_ABORTED' | 'TRANSPORT_CLOSED'> {
  return isTrustholdError(error, 'TRANSPORT_ABORTED') || isTrustholdError(error, 'TRANSPORT_CLOSED')
}

type ResultKind = TrustholdError<'KMIP_RESULT'>['context']['kind']

/**
 * Refusals that are this server's own affair and by which nothing was carried out: another may know the object, accept
 * our certificate, have the operation (clones of some products take no writes), or not be overloaded.
 */
const refusedHere: readonly ResultKind[] = ['notFound', 'authentication', 'unsupported', 'transient']

/** Of those, the ones that do not pass for what cannot be asked twice: some part of it may have been carried out. */
const partlyDone: readonly ResultKind[] = ['transient']

/**
 * Whether another server may be asked what this one did not answer.
 * @param repeatable whether asking twice does no more than asking once
 */
export function mayAskElsewhere(error: unknown, repeatable: boolean): boolean {
  if (isOver(error)) return false
  if (isUnreached(error) || isTrustholdError(error, 'KMIP_VERSION')) return true
  if (isTrustholdError(error, 'KMIP_RESULT')) {
    const { kind } = error.context
    return refusedHere.includes(kind) && (repeatable || !partlyDone.includes(kind))
  }
  return repeatable && isOutcomeUnknown(error)
}

/** Whether this says that the server cannot be used, whatever it is asked. */
export function isServersFault(error: unknown): boolean {
  if (isOver(error)) return false
  if (isTrustholdError(error, 'KMIP_RESULT')) {
    return error.context.kind === 'authentication' || error.context.kind === 'transient'
  }
  return isOutcomeUnknown(error) || isUnreached(error)
}

/** How much an error tells of what was asked: not found is an answer, other refusals less so, the rest is none. */
function weight(error: unknown): number {
  if (!isTrustholdError(error, 'KMIP_RESULT')) return 0
  return error.context.kind === 'notFound' ? 2 : 1
}

/**
 * The error of a call that every server failed: the one that tells most, with all of them in its cause. An object is
 * not found when one server does not have it and no other that can be asked does.
 * @param failures at least one
 */
export function summarize(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures
  const telling = others.reduce((best, error) => (weight(error) > weight(best) ? error : best), first)
  if (others.length === 0 || !isTrustholdError(telling)) return telling
  const cause = new AggregateError(failures, 'no server answered')
  return new TrustholdError(telling.code, telling.context, { cause, retryable: telling.retryable })
}

/** The same error, marked as not to be tried again where what was asked may have been carried out already. */
export function asFinal(error: unknown): unknown {
  if (!isTrustholdError(error) || !error.retryable || !isOutcomeUnknown(error)) return error
  return new TrustholdError(error.code, error.context, { cause: error.cause, retryable: false })
}
