import { fromHex, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { parseEndpoint } from '../../src/connection/endpoint.js'
import { createFrameAssembler } from '../../src/ttlv/index.js'
import { recordedByVersion } from '../recordings.js'

const get = recordedByVersion['1.4']['get']?.response ?? ''
const locate = recordedByVersion['1.4']['locate_by_name']?.response ?? ''

describe('frames', () => {
  test('are cut out of a stream, however it comes', () => {
    const stream = `${get}${locate}${get}`
    for (const size of [1, 3, 7, 8, 9, 100, 279, 280, 281, 433, stream.length]) {
      const assembler = createFrameAssembler(1 << 20)
      const frames: string[] = []
      const bytes = fromHex(stream)
      for (let at = 0; at < bytes.length; at += size) {
        frames.push(...assembler.push(bytes.slice(at, at + size)).map(toHex))
      }
      expect(frames).toEqual([get, locate, get])
      expect(assembler.pending).toBe(0)
    }
  })

  test('are refused as soon as they cannot be a response, or are too long', () => {
    const refused = (hex: string, code: string) =>
      expect(() => createFrameAssembler(280).push(fromHex(hex))).toThrow(expect.objectContaining({ code }))
    refused('43', 'CODEC_VALUE')
    refused('42007b02', 'CODEC_VALUE')
    refused('42007b0100000111', 'CODEC_LIMIT')
    expect(createFrameAssembler(280).push(fromHex(get))).toHaveLength(1)
    expect(() => createFrameAssembler(279).push(fromHex(get))).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ limit: 279, actual: 280 }) }),
    )
  })

  test('leave no copy in the chunks that they came in', () => {
    const chunk = fromHex(get)
    createFrameAssembler(280).push(chunk)
    expect(chunk.every((byte) => byte === 0)).toBe(true)
  })
})

describe('addresses', () => {
  test.each([
    ['kms1', 'kms1', 5696, 'kms1:5696'],
    ['kms1:1234', 'kms1', 1234, 'kms1:1234'],
    ['192.0.2.1:1', '192.0.2.1', 1, '192.0.2.1:1'],
    ['[2001:db8::1]', '2001:db8::1', 5696, '[2001:db8::1]:5696'],
    ['[::1]:99', '::1', 99, '[::1]:99'],
    [{ host: '::1' }, '::1', 5696, '[::1]:5696'],
  ] as const)('%o', (address, host, port, label) => {
    expect(parseEndpoint(address)).toEqual({ host, port, label })
  })

  test.each([
    '',
    'a:b',
    'a:0',
    'a:65536',
    '::1',
    '[::1',
    'a b',
    'https://a',
    { host: '' },
    { host: 'a', port: 1.5 },
  ])('%o is none', (address) => {
    expect(() => parseEndpoint(address)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }))
  })
})
