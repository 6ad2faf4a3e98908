import { describeError, TrustholdError } from '@trusthold/core/errors'
import type { Phase } from './scope.js'

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether the two sides do not believe each other, which does not pass by itself. */
function isDistrust(cause: unknown, reason: string): boolean {
  return /CERT|ALTNAME|ISSUER|alert|pinned/i.test(`${codeOf(cause)} ${reason}`)
}

/**
 * The error for a connection that cannot be used.
 * @param cause undefined when the other side closed the connection
 * @param retryable false when it will not pass by itself; by default told from the cause
 */
export function transportFailed(
  endpoint: string,
  phase: Phase,
  cause: unknown,
  retryable?: boolean,
): TrustholdError<'TRANSPORT_FAILED'> {
  const said = cause === undefined ? 'the server closed the connection' : describeError(cause)
  const reason = said === '' ? codeOf(cause) : said
  const passes = retryable ?? !(phase === 'tls' && isDistrust(cause, reason))
  return new TrustholdError('TRANSPORT_FAILED', { endpoint, phase, reason }, { cause, retryable: passes })
}

/**
 * Whether it was the server that ended a connection because it does not believe us: it says so by an alert of TLS
 * (RFC 8446, section 6.2), in TLS 1.3 only after the handshake is over for us.
 */
export function isRefusedByAlert(error: unknown): boolean {
  const cause = error instanceof TrustholdError ? error.cause : error
  return /ALERT.*(?:CERT|UNKNOWN_CA|ACCESS_DENIED)/.test(codeOf(cause))
}
