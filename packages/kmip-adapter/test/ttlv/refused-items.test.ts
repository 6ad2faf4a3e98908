import { fromHex } from '@trusthold/core/bytes'
import { expect, test } from 'vitest'
import {
  decodeItem,
  decodeMessage,
  maybe,
  parseJson,
  structure,
  taggedList,
  text,
} from '../../src/ttlv/index.js'

const list = structure('RequestPayload', { attributes: maybe('Attributes', taggedList({ Name: text })) })

test('an item of a list has the type of its tag', () => {
  const bytes = fromHex('4200790100000018420125010000001042005302000000040000004100000000')
  expect(() => decodeMessage(list, bytes)).toThrow(/an item type that Name can have/)
})

test('a message has the tag of its schema', () => {
  expect(decodeMessage(list, fromHex('4200790100000000'))).toEqual({})
  expect(() => decodeMessage(list, fromHex('4200780100000000'))).toThrow(/RequestPayload/)
})

test('an item type past the last is refused', () => {
  expect(() => decodeItem(fromHex('420020ff00000000'))).toThrow(/an item type of 1 to/)
})

test.each([
  ['null', 'no object'],
  ['[null]', 'no object'],
  ['1', 'no object'],
  ['["a"]', 'no object'],
  ['[[]]', 'an array'],
])('an item of the JSON form is an object: %s', (json, actual) => {
  const expected = 'an object with tag, type and value'
  const context = expect.objectContaining({ expected, actual, path: 'TTLV' })
  expect(() => parseJson(json)).toThrow(expect.objectContaining({ code: 'CODEC_VALUE', context }))
})
