import { describe, expect, test } from 'vitest'
import { coversSbatLevel, readSbat } from '../../../src/measured-boot/index.js'

const image = `sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md
shim,4,UEFI shim,shim,1,https://github.com/rhboot/shim
shim.debian,1,Debian,shim,15.8,https://tracker.debian.org/pkg/shim
`

describe('SBAT', () => {
  test.each([
    [
      'sbat,1,2025021800\nshim,4\ngrub,5\n',
      [
        ['sbat', 1, ['2025021800']],
        ['shim', 4, []],
        ['grub', 5, []],
      ],
    ],
    ['sbat,1,2021030218\n', [['sbat', 1, ['2021030218']]]],
    [
      'sbat,1\r\ngrub.rh,2\r\n',
      [
        ['sbat', 1, []],
        ['grub.rh', 2, []],
      ],
    ],
    ['\ufeffsbat,1\n', [['sbat', 1, []]]],
    ['sbat,1\0\0\0', [['sbat', 1, []]]],
    ['sbat,1', [['sbat', 1, []]]],
    ['a,999999999,,', [['a', 999_999_999, ['', '']]]],
  ])('%j', (text, entries) => {
    expect(
      readSbat(text)?.map(({ component, generation, fields }) => [component, generation, fields]),
    ).toEqual(entries)
  })

  test('of an image', () => {
    expect(readSbat(image)?.[2]).toEqual({
      component: 'shim.debian',
      generation: 1,
      fields: ['Debian', 'shim', '15.8', 'https://tracker.debian.org/pkg/shim'],
    })
  })

  test.each([
    '',
    '\n',
    'sbat',
    'sbat,',
    'sbat,0',
    'sbat,-1',
    'sbat,1.5',
    'sbat,01',
    'sbat,1e3',
    ',1',
    'a b,1',
  ])('%j is none', (text) => expect(readSbat(text)).toBeUndefined())
  test.each(['sbat,1\n\ngrub,2\n', 'sbat,1\nnonsense\n', 'sbat,9999999999'])('%j is none', (text) => {
    expect(readSbat(text)).toBeUndefined()
  })
})

test.each([
  ['shim,4\ngrub,5', 'shim,4', true],
  ['shim,4\ngrub,5', 'grub,5\nshim,3', true],
  ['shim,4', 'shim,5', false],
  ['shim,4', 'grub,1', false],
  ['shim,3\nshim,4', 'shim,4', true],
])('level %j covers %j: %s', (level, wanted, covers) => {
  expect(coversSbatLevel(readSbat(level) ?? [], readSbat(wanted) ?? [])).toBe(covers)
})

test('T-32: NULs in the middle of a text as long as an event may be take no time', () => {
  expect(readSbat(`sbat,1\n${'\0'.repeat(1_000_000)}x`)).toBeUndefined()
  expect(readSbat(`sbat,1\n${'\0'.repeat(1_000_000)}`)).toEqual([
    { component: 'sbat', generation: 1, fields: [] },
  ])
})
