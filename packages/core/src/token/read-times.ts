import { TrustholdError } from '../errors/index.js'
import { parseJsonObject, parseJws } from '../jose/index.js'
import { tokenType } from './issue.js'
import { maxTokenLength } from './verify.js'

const isTime = (value: unknown): value is number => Number.isFinite(value)

/**
 * When a token was issued and when it ends, in milliseconds since 1970-01-01T00:00:00Z. Verifies nothing: for the
 * holder of a token, who wants to renew it in time.
 * @throws JOSE_INVALID
 */
export function readTimes(token: string): { issuedAt: number; expiresAt: number } {
  const jws = parseJws(token, { what: 'token', typ: tokenType, maxLength: maxTokenLength })
  const { iat, exp } = parseJsonObject(jws.payload, 'token payload')
  if (!isTime(iat) || !isTime(exp) || exp <= iat) {
    throw new TrustholdError('JOSE_INVALID', { what: 'token', reason: 'it has no validity' })
  }
  return { issuedAt: iat * 1_000, expiresAt: exp * 1_000 }
}
