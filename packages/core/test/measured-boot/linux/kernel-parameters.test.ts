import { expect, test } from 'vitest'
import { splitKernelParameters } from '../../../src/measured-boot/index.js'

test.each<[string, [string, string | undefined][]]>([
  ['', []],
  [
    '  quiet \t ro\n',
    [
      ['quiet', undefined],
      ['ro', undefined],
    ],
  ],
  [
    'root=/dev/sda1 init=',
    [
      ['root', '/dev/sda1'],
      ['init', ''],
    ],
  ],
  [
    'root=UUID=1 a=b=c',
    [
      ['root', 'UUID=1'],
      ['a', 'b=c'],
    ],
  ],
  [
    'dm="1 vroot none" x',
    [
      ['dm', '1 vroot none'],
      ['x', undefined],
    ],
  ],
  [
    '"dm=1 vroot" x',
    [
      ['dm', '1 vroot'],
      ['x', undefined],
    ],
  ],
  ['a="', [['a', '']]],
  ['a="b c', [['a', 'b c']]],
  ['"', [['', undefined]]],
  ['=x', [['=x', undefined]]],
  [
    'console=ttyS0 console=tty1',
    [
      ['console', 'ttyS0'],
      ['console', 'tty1'],
    ],
  ],
  ['a"b c"d', [['a"b c"d', undefined]]],
])('%j', (text, parameters) => {
  expect(splitKernelParameters(text).map(({ name, value }) => [name, value])).toEqual(parameters)
})
