import { type ErrorContexts, TrustholdError } from '@trusthold/core/errors'
import { describe, expect, test } from 'vitest'
import {
  asFinal,
  isOutcomeUnknown,
  isServersFault,
  mayAskElsewhere,
  summarize,
} from '../../src/cluster/failover.js'

const endpoint = 'kms:5696'
type Phase = ErrorContexts['TRANSPORT_FAILED']['phase']
type Kind = ErrorContexts['KMIP_RESULT']['kind']
const failed = (phase: Phase) => new TrustholdError('TRANSPORT_FAILED', { endpoint, phase, reason: 'x' })
const late = (phase: Phase) => new TrustholdError('TRANSPORT_TIMEOUT', { endpoint, phase, milliseconds: 1 })
const refused = (kind: Kind) =>
  new TrustholdError('KMIP_RESULT', { operation: 'Get', status: 'OperationFailed', reason: 'x', kind })
const aborted = new TrustholdError('TRANSPORT_ABORTED', { endpoint })
const closed = new TrustholdError('TRANSPORT_CLOSED', { endpoint })
const nonsense = new TrustholdError('CODEC_VALUE', { path: 'x', offset: 0, expected: 'a', actual: 'b' })
const unwritable = new TrustholdError('CODEC_RANGE', { path: 'x', expected: 'a', actual: 'b' })
const foreign = new TrustholdError('KMIP_PROTOCOL', { operation: 'Get', reason: 'x' })
const noVersion = new TrustholdError('KMIP_VERSION', { offered: '1.4', server: '1.0' })

describe.each<[string, unknown, boolean, boolean, boolean, boolean]>([
  // what, the error, may be asked elsewhere (twice / once), outcome unknown, the server's fault
  ['not connected', failed('connect'), true, true, false, true],
  ['TLS failed', failed('tls'), true, true, false, true],
  ['not connected in time', late('connect'), true, true, false, true],
  ['lost while writing', failed('write'), true, false, true, true],
  ['lost while reading', failed('read'), true, false, true, true],
  ['no answer in time', late('read'), true, false, true, true],
  ['nonsense', nonsense, true, false, true, true],
  ['an answer to something else', foreign, true, false, true, true],
  ['a flaw of ours', new Error('x'), true, false, true, true],
  ['aborted', aborted, false, false, true, false],
  ['closed', closed, false, false, true, false],
  ['a request that cannot be written', unwritable, false, false, false, false],
  ['no common version', noVersion, true, true, false, false],
  ['not found', refused('notFound'), true, true, false, false],
  ['not supported', refused('unsupported'), true, true, false, false],
  ['not authenticated', refused('authentication'), true, true, false, true],
  ['in trouble', refused('transient'), true, false, false, true],
  ['not permitted', refused('denied'), false, false, false, false],
  ['in the wrong state', refused('state'), false, false, false, false],
  ['invalid', refused('invalid'), false, false, false, false],
  ['too large', refused('tooLarge'), false, false, false, false],
  ['failed otherwise', refused('other'), false, false, false, false],
])('%s', (_, error, twice, once, unknown, fault) => {
  test('is judged by what may have happened', () => {
    expect({
      twice: mayAskElsewhere(error, true),
      once: mayAskElsewhere(error, false),
      unknown: isOutcomeUnknown(error),
      fault: isServersFault(error),
    }).toEqual({ twice, once, unknown, fault })
  })
})

describe('the error of a call', () => {
  test('is the only one there is', () => {
    const error = failed('connect')
    expect(summarize([error])).toBe(error)
    const flaw = new Error('x')
    expect(summarize([flaw, failed('connect')])).toBe(flaw)
  })

  test.each([
    ['not found', [failed('connect'), refused('authentication'), refused('notFound')], 'notFound'],
    ['an answer', [failed('connect'), refused('transient'), failed('read')], 'transient'],
    ['the first of its kind', [refused('transient'), refused('authentication')], 'transient'],
  ])('is %s, with all in its cause', (_, failures, kind) => {
    const error = summarize(failures)
    expect(error).toMatchObject({ code: 'KMIP_RESULT', context: { kind } })
    expect((error as { cause: AggregateError }).cause.errors).toEqual(failures)
  })

  test('keeps what it says of trying again', () => {
    const final = new TrustholdError('TRANSPORT_FAILED', failed('tls').context, { retryable: false })
    expect(summarize([final, failed('connect')])).toMatchObject({ retryable: false })
    expect(summarize([failed('connect'), final])).toMatchObject({ retryable: true })
  })

  test('says not to try again what may have been done, and only that', () => {
    expect(asFinal(failed('read'))).toMatchObject({ code: 'TRANSPORT_FAILED', retryable: false })
    expect(asFinal(late('read'))).toMatchObject({ code: 'TRANSPORT_TIMEOUT', retryable: false })
    for (const error of [failed('connect'), refused('transient'), nonsense])
      expect(asFinal(error)).toBe(error)
  })
})
