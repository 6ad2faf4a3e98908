import { describe, expect, it } from 'vitest'
import { type ErrorCode, type ErrorContexts, TrustholdError } from '../../src/errors/index.js'
import { toWireError } from '../../src/http/index.js'

/** Every code there is, with the status and type it has on the wire; `shown` tells whether its context leaves. */
const table: Readonly<Record<ErrorCode, readonly [status: number, type: string, shown: boolean]>> = {
  CODEC_UNDERFLOW: [400, 'INVALID_ARGUMENT', true],
  CODEC_TRAILING: [400, 'INVALID_ARGUMENT', true],
  CODEC_VALUE: [400, 'INVALID_ARGUMENT', true],
  CODEC_LIMIT: [400, 'INVALID_ARGUMENT', true],
  CODEC_RANGE: [500, 'ERROR', false],
  BYTES_ENCODING: [400, 'INVALID_ARGUMENT', true],
  SECRET_WIPED: [500, 'ERROR', false],
  TPM_ALGORITHM_UNSUPPORTED: [400, 'INVALID_ARGUMENT', true],
  TPM_KEY_INVALID: [400, 'INVALID_ARGUMENT', true],
  TPM_CREDENTIAL_INVALID: [500, 'ERROR', false],
  TPM_DUPLICATE_INVALID: [500, 'ERROR', false],
  TPM_RESPONSE: [500, 'ERROR', false],
  TPM_RESPONSE_MALFORMED: [500, 'ERROR', false],
  TPM_RESPONSE_FORGED: [500, 'ERROR', false],
  TPM_NOT_STARTED: [500, 'ERROR', false],
  TPM_LOCKED_OUT: [500, 'ERROR', false],
  TPM_NOT_AVAILABLE: [500, 'ERROR', false],
  TPM_CONTROL_REFUSED: [500, 'ERROR', false],
  TPM_TRAFFIC_DIFFERS: [500, 'ERROR', false],
  CERTIFICATE_INVALID: [400, 'INVALID_ARGUMENT', true],
  CERTIFICATE_BUNDLE_INVALID: [500, 'ERROR', false],
  EVENT_LOG_INVALID: [500, 'ERROR', false],
  BASE_IMAGE_INVALID: [500, 'ERROR', false],
  JOSE_INVALID: [500, 'ERROR', false],
  TOKEN_INVALID: [401, 'UNAUTHENTICATED', true],
  PROOF_INVALID: [401, 'UNAUTHENTICATED', true],
  ATTESTATION_REFUSED: [403, 'UNAUTHORIZED', true],
  ATTESTATION_UNDECIDED: [503, 'SERVICE_UNAVAILABLE', true],
  PROVIDER_NOT_FOUND: [404, 'NOT_FOUND', true],
  PROVIDER_UNUSABLE: [503, 'SERVICE_UNAVAILABLE', false],
  WRAPPED_KEY_INVALID: [400, 'INVALID_ARGUMENT', true],
  DELIVERY_REFUSED: [403, 'UNAUTHORIZED', true],
  ALREADY_EXISTS: [400, 'ALREADY_EXISTS', true],
  NOT_FOUND: [404, 'NOT_FOUND', true],
  KMIP_RESULT: [503, 'SERVICE_UNAVAILABLE', false],
  KMIP_PROTOCOL: [503, 'SERVICE_UNAVAILABLE', false],
  KMIP_VERSION: [503, 'SERVICE_UNAVAILABLE', false],
  TRANSPORT_FAILED: [503, 'SERVICE_UNAVAILABLE', false],
  TRANSPORT_TIMEOUT: [503, 'SERVICE_UNAVAILABLE', false],
  TRANSPORT_ABORTED: [500, 'ERROR', false],
  TRANSPORT_CLOSED: [503, 'SERVICE_UNAVAILABLE', false],
  STORE_CONFLICT: [500, 'ERROR', false],
  STORE_ARGUMENT: [500, 'ERROR', false],
  STORE_UNAVAILABLE: [503, 'SERVICE_UNAVAILABLE', false],
  STORE_CORRUPT: [500, 'ERROR', false],
  STORE_COMPACTED: [500, 'ERROR', false],
  STORE_VERSION: [500, 'ERROR', false],
  STORE_CLOSED: [503, 'SERVICE_UNAVAILABLE', false],
  REQUEST_INVALID: [400, 'INVALID_ARGUMENT', true],
  REQUEST_TOO_LARGE: [413, 'INVALID_REQUEST', true],
  SERVICE_ERROR: [500, 'ERROR', false],
  ARGUMENT_INVALID: [500, 'ERROR', false],
  CONFIGURATION_INVALID: [500, 'ERROR', false],
}

/** Has every member that any code's context has; each text member tells of the inside. */
const everything = {
  path: 'inside-text',
  reason: 'inside-text',
  endpoint: 'inside-text',
  operation: 'inside-text',
  provider: 'inside-text',
  expected: 'inside-text',
  actual: 'inside-text',
  name: 'inside-text',
  kind: 'other',
  key: 'inside-text',
  check: 'inside-text',
  offset: 1,
  responseCode: 1,
  limit: 1,
  checks: [{ id: 'a.b', outcome: 'fail', reason: 'inside-text' }],
}
const make = (code: ErrorCode) => new TrustholdError(code, everything as never as ErrorContexts[ErrorCode])

describe('toWireError', () => {
  it.each(Object.entries(table))('%s', (code, [status, type, shown]) => {
    const { status: found, body, log } = toWireError(make(code as ErrorCode))
    expect([found, body.error_type]).toEqual([status, type])
    expect(body.data.code).toBe(code)
    expect('context' in body.data).toBe(shown)
    expect(body.messages).toHaveLength(1)
    expect(body.messages[0]?.id).toBe(`trusthold.${code.toLowerCase()}`)
    expect(log.code).toBe(code)
    if (!shown) expect(JSON.stringify(body)).not.toContain('inside-text')
  })

  it.each([
    ['an error', new Error('password=canary')],
    ['a text', 'password=canary'],
    ['an object', { message: 'password=canary' }],
    ['nothing', undefined],
    ['null', null],
    [
      'something that only looks typed',
      { code: 'TOKEN_INVALID', context: { check: 'canary', reason: 'canary' } },
    ],
  ])('shows nothing of %s', (_, thrown) => {
    const { status, body } = toWireError(thrown)
    expect(status).toBe(500)
    expect(body).toEqual({
      error_type: 'ERROR',
      messages: [
        { id: 'trusthold.internal', default_message: 'the service failed; its log says why', args: [] },
      ],
      data: { code: 'INTERNAL' },
    })
  })

  it('shows why a host was refused, but not why something could not be decided', () => {
    const checks = [
      { id: 'quote.nonce', outcome: 'fail' as const, reason: 'for the host' },
      { id: 'challenge.unused', outcome: 'unknown' as const, reason: 'connect ECONNREFUSED 10.0.0.5:5432' },
    ]
    for (const code of ['ATTESTATION_REFUSED', 'ATTESTATION_UNDECIDED'] as const) {
      const { body, log } = toWireError(new TrustholdError(code, { checks }))
      expect(JSON.stringify(body)).not.toContain('10.0.0.5')
      expect(body.data.context).toMatchObject({
        checks: [checks[0], { id: 'challenge.unused', outcome: 'unknown' }],
      })
      expect(body.messages[0]?.default_message).toContain('for the host')
      expect(log.reason).toContain('10.0.0.5')
    }
  })

  it('writes a log reason on one line, whatever is in it', () => {
    const { log } = toWireError(new Error('a\r\nb\u0085c\u2028d\u001b[31me'))
    expect(log.reason).toBe('a b c d [31me')
  })
})
