import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertName, keyOfName, nameOfKey } from '../../src/config/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import { assertConfigKey } from '../../src/ports/index.js'
import { thrownBy } from '../jose/thrown.js'

/** The longest prefix in use. */
const prefix = 'attestation/endorsement-keys/'

const good = [
  'a',
  'Finance',
  'host 1',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  'a\\b',
  '%2e%2e',
  '%',
  'CON',
  '*?<>|"\'`$(x);--',
  'constructor',
  '__proto__',
  '\u00e9',
  'Схема 1',
  '財務',
  '😀',
  'x'.repeat(128),
  '😀'.repeat(37),
  '財'.repeat(49),
]

describe('assertName', () => {
  it.each(good)('takes %j', (name) => {
    expect(() => assertName(name, 'name')).not.toThrow()
  })

  it.each([
    ['nothing', ''],
    ['129 characters', 'x'.repeat(129)],
    ['white space before', ' a'],
    ['white space behind', 'a '],
    ['a wide space behind', 'a\u3000'],
    ['a no-break space before', '\u00a0a'],
    ['white space only', ' '],
    ['a line feed', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['NUL', 'a\u0000'],
    ['DEL', 'a\u007f'],
    ['an escape sequence', '\u001b[31mred'],
    ['C1 control characters', 'a\u009b'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'a\u202eb'],
    ['a left-to-right isolate', 'a\u2066b'],
    ['a right-to-left mark', 'a\u200fb'],
    ['a zero-width space', 'a\u200bb'],
    ['a zero-width joiner', 'a\u200db'],
    ['a byte order mark', '\ufeffa'],
    ['a soft hyphen', 'a\u00adb'],
    ['a tag character', 'a\u{e0041}'],
    ['a variation selector', 'a\ufe0f'],
    ['a combining grapheme joiner', 'a\u034fb'],
    ['a Hangul filler', 'a\u3164b'],
    ['a lone surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['a private character', 'a\ue000'],
    ['no character', 'a\uffff'],
    ['a decomposed letter', 'e\u0301'],
    ['a letter that has another composed form', '\u212b'],
    ['more than a store key takes', '😀'.repeat(38)],
    ['more than a store key takes, in three bytes each', '財'.repeat(50)],
  ])('refuses %s, with the place', (_, name) => {
    const error = thrownBy(() => assertName(name, 'provider.name'))
    expect(error.code).toBe('REQUEST_INVALID')
    expect(error.context).toMatchObject({ path: 'provider.name' })
  })

  it('never repeats in its error what it refuses', () => {
    const error = thrownBy(() => assertName('canary\u0000\n', 'name'))
    expect(JSON.stringify([error.message, error.context])).not.toContain('canary')
  })
})

describe('keyOfName', () => {
  it.each([
    ['a', 'a'],
    ['a/b', 'a%2Fb'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    ['%2E', '%252E'],
    ["!'()*", '%21%27%28%29%2A'],
    ['A-Z_~', 'A-Z_~'],
    ['\u00e9', '%C3%A9'],
  ])('writes %j as %j', (name, rest) => {
    expect(keyOfName(prefix, name)).toBe(prefix + rest)
  })

  it.each(good)(
    'gives for %j a key that every store takes, with no more segments than the prefix has',
    (name) => {
      const key = keyOfName(prefix, name)
      expect(() => assertConfigKey(key)).not.toThrow()
      expect(key.split('/')).toHaveLength(prefix.split('/').length)
      expect(nameOfKey(prefix, key)).toBe(name)
    },
  )

  it('gives for any name a key, or refuses it; and two names have two keys', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 130 }),
      fc.string({ unit: 'grapheme', maxLength: 130 }),
      fc.string({ unit: fc.constantFrom(...'%2Ee./aA+ ') }),
    )
    fc.assert(
      fc.property(name, name, (a, b) => {
        try {
          const key = keyOfName(prefix, a)
          assertConfigKey(key)
          expect(nameOfKey(prefix, key)).toBe(a)
          expect(key === keyOfName(prefix, b)).toBe(a === b)
        } catch (error) {
          if (!isTrustholdError(error, 'REQUEST_INVALID')) throw error
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('nameOfKey', () => {
  it.each([
    '%61',
    '%2f',
    'a%2fb',
    '%',
    '%zz',
    '%FF',
    '%C0%80',
    '%ED%A0%80',
    'a/b',
    'a b',
    'a.b',
    '..',
    '*',
    '\u00e9',
  ])('refuses %j, which keyOfName never writes', (rest) => {
    expect(thrownBy(() => nameOfKey(prefix, prefix + rest)).code).toBe('STORE_CORRUPT')
  })

  it('refuses a key with another prefix', () => {
    expect(thrownBy(() => nameOfKey(prefix, `attestation/endorsement-keyX/${'a'}`)).code).toBe(
      'STORE_CORRUPT',
    )
  })
})
