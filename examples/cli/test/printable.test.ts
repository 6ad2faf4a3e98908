import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { printable, toJsonText } from '../src/printable.js'
import { fields, table } from '../src/show/table.js'

const invisible = /[\p{C}\p{Zl}\p{Zp}]/u
const anyText = fc.string({ unit: 'binary' })

describe('printable', () => {
  test.each([
    ['a terminal command', '\x1b[31mred', '\\u{1b}[31mred'],
    ['the same in one character', '\x9b31mred', '\\u{9b}31mred'],
    ['line breaks and tabs', 'a\r\n\tb', 'a\\u{d}\\u{a}\\u{9}b'],
    ['a bidirectional override', 'a\u202eb', 'a\\u{202e}b'],
    ['zero width', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['line separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['a tag character', '\u{e0041}', '\\u{e0041}'],
    ['half a character', '\ud800', '\\u{d800}'],
    ['letters of all kinds', 'Zürich 東京 שלום 🙂', 'Zürich 東京 שלום 🙂'],
  ])('%s', (_, text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  test('leaves nothing that hides', () => {
    fc.assert(fc.property(anyText, (text) => !invisible.test(printable(text))))
  })
})

describe('toJsonText', () => {
  test('says the same and leaves nothing that hides', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText))), (document) => {
        const text = toJsonText(document)
        expect(JSON.parse(text)).toEqual({ ...document })
        expect(text.split('\n').some((line) => invisible.test(line))).toBe(false)
      }),
    )
  })

  test('writes 64-bit integers as strings', () => {
    expect(JSON.parse(toJsonText({ clock: 2n ** 64n - 1n }))).toEqual({ clock: '18446744073709551615' })
  })
})

describe('tables', () => {
  test('have columns as wide as their widest cell', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['ääää', 'b', 'long text'],
      ]),
    ).toEqual(['a     bb  c', 'ääää  b   long text'])
    expect(table([])).toEqual([])
  })

  test('may have as many rows as the longest log', () => {
    const rows = Array.from({ length: 500_000 }, (_, i) => [String(i), 'x'])
    expect(table(rows).at(-1)).toBe('499999  x')
  })

  test('hold nothing that commands a terminal, in any cell', () => {
    expect(table([['\x1b', 'x\ny']])).toEqual(['\\u{1b}  x\\u{a}y'])
    expect(fields({ name: '\x07' }, '  ')).toEqual(['  name  \\u{7}'])
  })

  test('leave out what has no value', () => {
    expect(fields({ a: '1', b: undefined })).toEqual(['a  1'])
  })
})
