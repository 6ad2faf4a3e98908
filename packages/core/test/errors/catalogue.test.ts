import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ErrorCode, ErrorContexts } from '../../src/errors/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { errorMessages } from '../../src/errors/messages.js'

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json }

const codes = Object.keys(errorMessages) as ErrorCode[]

/** Stands in for any context: every member is a text that shows where the message put it. */
const anyContext = new Proxy<Record<string, unknown>>(
  {},
  {
    get: (_target, member) => {
      if (member === 'checks') return [{ id: '<check>', outcome: 'fail', reason: '<reason>' }]
      return typeof member === 'symbol' ? undefined : `<${member}>`
    },
    ownKeys: () => [],
  },
)

const messageOf = (code: ErrorCode): string =>
  (errorMessages[code] as (context: unknown) => string)(anyContext)

describe('the catalogue', () => {
  it('holds exactly the codes that are pinned here; a code is never renamed or reused', () => {
    expect([...codes].sort()).toMatchSnapshot()
  })

  it('names codes in capitals, family first', () => {
    for (const code of codes) expect(code).toMatch(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/)
  })

  it('holds only contexts that JSON can carry', () => {
    expectTypeOf<ErrorContexts[ErrorCode]>().toExtend<Json>()
  })

  it.each(codes)('%s says where and what, in one line without a full stop', (code) => {
    const message = messageOf(code)
    expect(message).toMatch(/<\w+>/)
    expect(message).toMatch(/^\S[^\n]*[^.\s]$/)
    expect(message).not.toContain('undefined')
  })

  it.each(codes)('%s becomes an error of that code', (code) => {
    const context = { path: 'p', checks: [] } as unknown as ErrorContexts[typeof code]
    // A context of this shape is enough for every message but the one that prints a number in hexadecimal.
    const withNumber = { ...context, responseCode: 0x101 }
    const error = new TrustholdError(code, withNumber)
    expect(error.code).toBe(code)
    expect(error.message.length).toBeGreaterThan(0)
  })
})

describe('messages', () => {
  it('lists what stands in the way, with its check, and not what passed', () => {
    const checks = [
      { id: 'quote.signature', outcome: 'fail', reason: 'does not verify' },
      { id: 'quote.magic', outcome: 'pass', reason: 'is TPM_GENERATED' },
      { id: 'endorsement.crl', outcome: 'unknown', reason: 'is out of reach' },
      { id: 'policy.rules', outcome: 'skipped', reason: 'has none' },
    ] as const
    expect(new TrustholdError('ATTESTATION_REFUSED', { checks }).message).toBe(
      'attestation refused: quote.signature: does not verify; endorsement.crl: is out of reach',
    )
  })

  it('gives a TPM response code in hexadecimal, and its subject when there is one', () => {
    const response = { command: 'TPM2_Load', responseCode: 0x1df, name: 'TPM_RC_INTEGRITY' }
    expect(new TrustholdError('TPM_RESPONSE', response).message).toBe(
      'TPM2_Load failed with TPM_RC_INTEGRITY (0x1df)',
    )
    const placed = { ...response, subject: 'parameter', index: 1 } as const
    expect(new TrustholdError('TPM_RESPONSE', placed).message).toBe(
      'TPM2_Load failed with TPM_RC_INTEGRITY (0x1df) for parameter 1',
    )
  })

  it('keeps what came from outside on one line', () => {
    const message = 'refused\r\n2026-01-01 granted\u001b[2J\u2028'
    const error = new TrustholdError('SERVICE_ERROR', { status: 500, serviceCode: 'x', message })
    expect(error.message).toBe('the service answered 500 x: refused 2026-01-01 granted [2J ')
    expect(error.context.message).toBe(message)
  })
})
