import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/index.js'
import { parseJsonObject } from '../../src/jose/index.js'
import { reasonOf, thrownBy } from './thrown.js'

const parse = (text: string) => parseJsonObject(utf8(text), 'header')
const twice = 'it has a member name twice'
const notJson = 'it is not UTF-8 JSON, or nested too deeply'

describe('parseJsonObject', () => {
  it.each([
    ['side by side', '{"a":1,"a":2}'],
    ['the same value', '{"a":1,"a":1}'],
    ['with white space between', '{ "a" : 1 , "a" : 2 }'],
    ['apart', '{"a":1,"b":2,"c":3,"a":4}'],
    ['nested', '{"a":{"b":1,"b":2}}'],
    ['in a list', '{"a":[1,{"b":1,"b":2}]}'],
    ['after a nested object closed', '{"a":{"b":1},"c":[{}],"a":2}'],
    ['escaped once', '{"alg":"ES256","\\u0061lg":"none"}'],
    ['escaped in the first', '{"\\u0061lg":"none","alg":"ES256"}'],
    ['escaped in upper and lower case hexadecimal', '{"\\u00e9":1,"\\u00E9":2}'],
    ['escaped as a surrogate pair', '{"😀":1,"\\ud83d\\ude00":2}'],
    ['escaped solidus', '{"a/b":1,"a\\/b":2}'],
    ['names with quotes', '{"a\\"b":1,"a\\u0022b":2}'],
    ['names that end in a backslash', '{"a\\\\":1,"a\\u005c":2}'],
    ['the empty name', '{"":1,"":2}'],
    ['__proto__', '{"__proto__":1,"__proto__":{}}'],
    ['behind a string that looks like structure', '{"x":"}{,\\"a\\":1","a":1,"a":2}'],
  ])('refuses a name that is there twice: %s', (_, text) => {
    expect(reasonOf(thrownBy(() => parse(text)))).toBe(twice)
  })

  it.each([
    ['the same name at different levels', '{"a":{"a":{"a":1}}}'],
    ['the same name in different objects of a list', '{ "l": [{"a":1},{"a":2}] }'],
    ['names that are also values', '{ "a":"b","b":"a","c":["a","a"] }'],
    ['names that differ in case', '{ "a":1,"A":2 }'],
    ['names in NFC and NFD', '{ "\u00e9":1,"e\u0301":2 }'],
    ['a value that looks like a member', '{ "a":"\\"a\\":1,","b":1 }'],
    ['numbers that are written back otherwise', '{"a":1.0,"b":1e2}'],
  ])('takes %s', (_, text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  it('keeps __proto__ a plain member', () => {
    const value = parse('{"__proto__":{"admin":true}}')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect((value as { admin?: unknown }).admin).toBeUndefined()
  })

  it.each(['[]', '"text"', '1', 'true', 'null'])('refuses %s, which is no object', (text) => {
    expect(reasonOf(thrownBy(() => parse(text)))).toBe('it is not an object')
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['two objects', utf8('{}{}')],
    ['a comment', utf8('{}//')],
    ['a byte order mark', utf8('\ufeff{}')],
    ['a trailing comma', utf8('{"a":1,}')],
    ['a control character in a text', utf8('{"a":"\n"}')],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['an overlong encoding', Uint8Array.of(0x7b, 0x22, 0xc0, 0xa2, 0x22, 0x3a, 0x31, 0x7d)],
    ['a surrogate in UTF-8', Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
  ])('refuses %s', (_, bytes) => {
    expect(reasonOf(thrownBy(() => parseJsonObject(bytes, 'header')))).toBe(notJson)
  })

  it.each([
    ['lists', `{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`],
    ['lists with white space', `{"a": ${'['.repeat(6_000)}${']'.repeat(6_000)}}`],
    ['objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
  ])('refuses %s nested too deeply with a typed error', (_, text) => {
    expect(reasonOf(thrownBy(() => parse(text)))).toBe(notJson)
  })

  it('does not quote the text in its error', () => {
    const error = thrownBy(() => parse('{"password":canary-4711}'))
    expect(JSON.stringify([error.message, error.context, String(error.cause)])).not.toContain('canary')
  })

  it('reads whatever JSON.stringify writes, with any white space', () => {
    const object = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space)
        expect(parse(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('finds a name that was added once more, wherever it is and however it is escaped', () => {
    const spell = (name: string) =>
      [...name]
        .map((c) =>
          [...Array(c.length).keys()]
            .map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`)
            .join(''),
        )
        .join('')
    const names = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 5 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(
        names,
        fc.nat(),
        fc.boolean(),
        fc.jsonValue({ maxDepth: 2 }),
        (all, pick, escaped, value) => {
          const again = all[pick % all.length] as string
          const members = all.map((name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
          const name = escaped ? `"${spell(again)}"` : JSON.stringify(again)
          const text = `{"outer":[{${members.join(',')},${name}:0}]}`
          expect(reasonOf(thrownBy(() => parse(text)))).toBe(twice)
        },
      ),
    )
  })

  it('throws nothing but JOSE_INVALID for any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(utf8), fc.json().map(utf8)), (bytes) => {
        try {
          parseJsonObject(bytes, 'header')
        } catch {
          expect(thrownBy(() => parseJsonObject(bytes, 'header')).code).toBe('JOSE_INVALID')
        }
      }),
    )
  })
})
