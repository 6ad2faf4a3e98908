import { describe, expect, it } from 'vitest'
import { readTimes, tokenType } from '../../src/token/index.js'
import { thrownBy } from '../jose/thrown.js'
import { makeKey, signJws, start } from './fixtures.js'

const { privateKey } = makeKey()
const header = { alg: 'ES256', typ: tokenType }

describe('readTimes', () => {
  it('gives milliseconds', () => {
    const token = signJws(privateKey, header, { iat: start, exp: start + 600 })
    expect(readTimes(token)).toEqual({ issuedAt: start * 1_000, expiresAt: (start + 600) * 1_000 })
  })

  it.each([
    ['no times', '{}'],
    ['no end', '{"iat":1}'],
    ['a text', '{"iat":"1","exp":2}'],
    ['an end at the start', '{"iat":2,"exp":2}'],
    ['an end before the start', '{"iat":2,"exp":1}'],
    ['no end ever', '{"iat":1,"exp":1e999}'],
    ['no start ever', '{"iat":-1e999,"exp":1}'],
    ['no object', '[]'],
  ])('refuses %s', (_, payload) => {
    expect(thrownBy(() => readTimes(signJws(privateKey, header, payload))).code).toBe('JOSE_INVALID')
  })

  it('refuses what is no token', () => {
    for (const text of ['', 'a.b.c', signJws(privateKey, { ...header, typ: 'dpop+jwt' }, {})]) {
      expect(thrownBy(() => readTimes(text)).code).toBe('JOSE_INVALID')
    }
  })
})
