import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  type AnyTrustholdError,
  describeError,
  isTrustholdError,
  TrustholdError,
} from '../../src/errors/index.js'

const underflow = { path: 'X.y', offset: 4, needed: 2, available: 1 }

describe('TrustholdError', () => {
  it('carries code, context, message, name and cause', () => {
    const cause = new Error('below')
    const error = new TrustholdError('CODEC_UNDERFLOW', underflow, { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('TrustholdError')
    expect(error.code).toBe('CODEC_UNDERFLOW')
    expect(error.context).toEqual(underflow)
    expect(error.message).toBe('X.y: needs 2 bytes at offset 4, 1 are available')
    expect(error.cause).toBe(cause)
  })

  it('has no cause of its own when none is given', () => {
    expect(Object.hasOwn(new TrustholdError('CODEC_UNDERFLOW', underflow), 'cause')).toBe(false)
  })

  it('keeps a frozen copy of the context', () => {
    const context = { ...underflow }
    const error = new TrustholdError('CODEC_UNDERFLOW', context)
    context.offset = 99
    expect(error.context.offset).toBe(4)
    expect(Object.isFrozen(error.context)).toBe(true)
  })

  it('says by its code whether trying again may help, unless told otherwise', () => {
    const closed = { endpoint: 'e' }
    const unavailable = { operation: 'read', reason: 'locked' }
    expect(new TrustholdError('TRANSPORT_CLOSED', closed).retryable).toBe(false)
    expect(new TrustholdError('STORE_UNAVAILABLE', unavailable).retryable).toBe(true)
    expect(new TrustholdError('STORE_UNAVAILABLE', unavailable, { retryable: false }).retryable).toBe(false)
    expect(new TrustholdError('TRANSPORT_CLOSED', closed, { retryable: true }).retryable).toBe(true)
  })

  it('gives logs code, message and context, and not the cause', () => {
    const error = new TrustholdError('CODEC_UNDERFLOW', underflow, { cause: new Error('password=x') })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'CODEC_UNDERFLOW',
      message: 'X.y: needs 2 bytes at offset 4, 1 are available',
      context: underflow,
    })
    expect(inspect(error)).toContain('CODEC_UNDERFLOW')
  })
})

describe('isTrustholdError', () => {
  it('recognises its own and nothing else', () => {
    expect(isTrustholdError(new TrustholdError('TRANSPORT_CLOSED', { endpoint: 'e' }))).toBe(true)
    const strangers = [
      undefined,
      null,
      1,
      'TRANSPORT_CLOSED',
      {},
      new Error('x'),
      { code: 'TRANSPORT_CLOSED' },
    ]
    for (const stranger of strangers) expect(isTrustholdError(stranger)).toBe(false)
  })

  it('compares the code when one is given', () => {
    const error = new TrustholdError('TRANSPORT_CLOSED', { endpoint: 'e' })
    expect(isTrustholdError(error, 'TRANSPORT_CLOSED')).toBe(true)
    expect(isTrustholdError(error, 'TRANSPORT_ABORTED')).toBe(false)
  })

  it('recognises errors of another copy of the package', async () => {
    vi.resetModules()
    const other = await import('../../src/errors/index.js')
    const error = new other.TrustholdError('TRANSPORT_CLOSED', { endpoint: 'e' })
    expect(error).not.toBeInstanceOf(TrustholdError)
    expect(isTrustholdError(error, 'TRANSPORT_CLOSED')).toBe(true)
    expect(other.isTrustholdError(new TrustholdError('TRANSPORT_CLOSED', { endpoint: 'e' }))).toBe(true)
  })

  it('narrows the context by the code', () => {
    const error: unknown = new TrustholdError('CODEC_UNDERFLOW', underflow)
    if (isTrustholdError(error, 'CODEC_UNDERFLOW')) {
      expectTypeOf(error.context.needed).toEqualTypeOf<number>()
      expectTypeOf(error).toEqualTypeOf<TrustholdError<'CODEC_UNDERFLOW'>>()
    }
    const narrow = (any: AnyTrustholdError): void => {
      if (any.code === 'TRANSPORT_CLOSED')
        expectTypeOf(any.context).toEqualTypeOf<Readonly<{ endpoint: string }>>()
    }
    expectTypeOf(narrow).toBeFunction()
    // @ts-expect-error a context of another code
    new TrustholdError('TRANSPORT_CLOSED', underflow)
    // @ts-expect-error no such code
    const unknownCode = (): unknown => new TrustholdError('NO_SUCH_CODE', {})
    expect(unknownCode).toThrow(TypeError)
  })
})

describe('describeError', () => {
  const described: readonly (readonly [thrown: unknown, text: string])[] = [
    [new Error('went wrong'), 'went wrong'],
    [{ message: 'of another realm' }, 'of another realm'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'an object without a message'],
    [42, '42'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.create(null), 'an object without a message'],
    [{ message: { nested: 'secret' } }, 'an object without a message'],
    [new Error('a\nb\u0000\u001b[31mc\u009b\u2029d'), 'a b [31mc d'],
  ]

  it.each(described)('%o becomes one line', (thrown, text) => {
    expect(describeError(thrown)).toBe(text)
  })

  it('is at most 500 characters long', () => {
    expect(describeError('x'.repeat(10_000))).toHaveLength(500)
  })
})
