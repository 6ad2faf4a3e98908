import { fromHex, toHex } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { requestMessage, responseMessage } from '../../src/messages/index.js'
import {
  decodeItem,
  decodeMessage,
  describeMessage,
  encodeItem,
  encodeMessage,
  itemTypes,
  type StructureKind,
  type TtlvItem,
} from '../../src/ttlv/index.js'
import { malformedProbes, recordedMessages, recordedProbes } from '../recordings.js'
import { anyTree } from './any-tree.js'

const isCodecError = (error: unknown): boolean => isTrustholdError(error) && error.code.startsWith('CODEC_')

const schemaOf = (label: string): StructureKind<unknown> =>
  label.endsWith('request') ? requestMessage : responseMessage

/** What reading comes to: a value, or an error that has to be of the codec. */
function read(frame: Uint8Array): unknown {
  try {
    decodeItem(frame)
    return decodeMessage(schemaOf(frame[2] === 0x7b ? 'response' : 'request'), frame)
  } catch (error) {
    if (!isCodecError(error)) throw error
    return error
  }
}

describe('every recorded message', () => {
  test.each(recordedMessages)('%s is read and written again', (label, hex) => {
    const frame = fromHex(hex)
    expect(toHex(encodeItem(decodeItem(frame)))).toBe(hex)
    // Three of the probes are what a typed reader refuses: another message, nothing in it, an Import of nothing.
    if (/(bad_tag|empty_message|import_1.4) request/.test(label)) return
    const schema = schemaOf(label)
    expect(toHex(encodeMessage(schema, decodeMessage(schema, frame)))).toBe(hex)
  })

  test('is described without its values', () => {
    for (const [, hex] of recordedMessages) {
      const lines = describeMessage(fromHex(hex)).split('\n')
      for (const line of lines) expect(line).toMatch(/^ *(0x[0-9a-f]{6}|\w+) [A-Z]\w+(\(\d+\))?$/)
    }
  })

  test('is refused when it is cut, at whatever byte', () => {
    for (const [, hex] of recordedMessages.filter(([label]) => /^1\.4|^2\.0/.test(label))) {
      const frame = fromHex(hex)
      for (let length = 0; length < frame.length; length++) {
        expect(read(frame.subarray(0, length))).toSatisfy(isCodecError)
      }
    }
  })
})

test.each([...malformedProbes])('the malformed %s is refused', (name) => {
  expect(read(fromHex(recordedProbes[name]?.request ?? ''))).toSatisfy(isCodecError)
})

test('recorded messages with any bytes changed are read or refused by the codec', () => {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(
      fc.nat(recordedMessages.length - 1),
      fc.array(change, { minLength: 1, maxLength: 8 }),
      (index, changes) => {
        const frame = fromHex(recordedMessages[index]?.[1] ?? '')
        for (const [at, byte] of changes) frame[at % frame.length] = byte
        read(frame)
      },
    ),
    { numRuns: 3_000 },
  )
})

test('any bytes are read or refused by the codec', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      read(bytes)
      read(
        new Uint8Array([
          0x42,
          0,
          0x7b,
          1,
          0,
          0,
          0,
          bytes.length & 0xf8,
          ...bytes.subarray(0, bytes.length & 0xf8),
        ]),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('any item is written and read again', () => {
  const plain = (value: TtlvItem): unknown => [
    value.tag,
    itemTypes[value.type],
    value.type === 'Structure' ? value.value.map(plain) : value.value,
  ]
  fc.assert(
    fc.property(anyTree(), (value) => {
      const frame = encodeItem(value)
      const again = decodeItem(frame)
      expect(plain(again)).toEqual(plain(value))
      expect(toHex(encodeItem(again))).toBe(toHex(frame))
    }),
    { numRuns: 1_000 },
  )
})
