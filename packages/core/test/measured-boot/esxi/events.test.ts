import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { decode, encode } from '../../../src/codec/index.js'
import {
  type EsxiEvent,
  esxiEvents,
  eventTypes,
  parseEventLog,
  tcgTaggedEvent,
} from '../../../src/measured-boot/index.js'
import {
  type BuiltEvent,
  esxiBootEvents,
  esxiEvent,
  esxiVersionRecord,
  eventLog,
} from '../../../src/testing/index.js'
import { digestOf } from '../../../src/tpm2/index.js'
import { goodPlan, measure, signers } from './fixtures.js'

const eventsOf = (...events: BuiltEvent[]): readonly EsxiEvent[] => {
  const { log, matchingIn } = measure(events)
  return esxiEvents(log, 'sha256', matchingIn('sha256'))
}
const one = (event: BuiltEvent): EsxiEvent | undefined => eventsOf(event)[0]
const version = { component: 'vmkernel', product: 'VMware ESX', version: '8.0.3', file: '/k.b00' }

describe('tagged events', () => {
  // By hand from the layout: id, size, data.
  test.each([
    ['020000000600000' + '06b2e62303000', 2, utf8('k.b00\0')],
    ['030000000c000000757365726f7074732e677a00', 3, utf8('useropts.gz\0')],
    ['0600000000000000', 6, new Uint8Array(0)],
  ])('%s', (hex, taggedEventId, taggedEventData) => {
    expect(decode(tcgTaggedEvent, fromHex(hex))).toEqual({ taggedEventId, taggedEventData })
    expect(toHex(encode(tcgTaggedEvent, { taggedEventId, taggedEventData }))).toBe(hex)
  })

  test('every truncation and every surplus is refused', () => {
    const whole = encode(tcgTaggedEvent, { taggedEventId: 2, taggedEventData: utf8('k.b00\0') })
    for (let length = 0; length < whole.length; length++) {
      expect(() => decode(tcgTaggedEvent, whole.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CODEC_UNDERFLOW' }),
      )
    }
    expect(() => decode(tcgTaggedEvent, concatBytes(whole, Uint8Array.of(0)))).toThrow(
      expect.objectContaining({ code: 'CODEC_TRAILING' }),
    )
  })

  test('are the same bytes again', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 60 }), (taggedEventId, taggedEventData) => {
        const bytes = encode(tcgTaggedEvent, { taggedEventId, taggedEventData })
        expect(decode(tcgTaggedEvent, bytes)).toEqual({ taggedEventId, taggedEventData })
      }),
    )
  })
})

describe('what an event says', () => {
  test.each<[string, BuiltEvent, unknown]>([
    ['command-line', esxiEvent(14, 4, '/b.b00 runweasel'), '/b.b00 runweasel'],
    ['asset-tag', esxiEvent(14, 6, 'rack 7'), utf8('rack 7')],
    ['asset-tag', esxiEvent(14, 6, ''), new Uint8Array(0)],
    ['signer', esxiEvent(14, 7, signers.certificate), signers.certificate],
    ['signer', esxiEvent(14, 7, signers.publicKey), signers.publicKey],
    ['signer', esxiEvent(14, 7, signers.rsaKey), signers.rsaKey],
    ['version', esxiEvent(13, 8, esxiVersionRecord(version)), version],
    ['security-option', esxiEvent(14, 5, 'execInstalledOnly=TRUE\0'), 'execInstalledOnly=TRUE'],
    ['security-option', { pcr: 14, type: 0x6000_0001, data: 'a.b-c=' }, 'a.b-c='],
    ['security-option', { ...esxiEvent(14, 5, 'A=1'), type: 0x6000_0003 }, 'A=1'],
    ['kernel', { pcr: 8, type: 0x6000_0004, data: 'what it likes' }, utf8('what it likes')],
    ['boot-complete', { pcr: 15, type: 0x6000_0004, data: 'Boot Complete\0' }, 15],
  ])('%s is verified where the digest covers it', (kind, built, value) => {
    expect(one(built)).toMatchObject({
      kind,
      event: 1,
      pcr: built.pcr,
      covered: true,
      content: { verified: true, value, event: 1 },
    })
    const bare = { ...built, digestOf: 'something else' }
    expect(one(bare)?.content.verified).not.toBe(true)
    expect(one(bare)?.covered).not.toBe(true)
  })

  test('a file has the digest of its contents, and its name is a hint', () => {
    const [module, options] = eventsOf(
      esxiEvent(12, 2, 'k.b00\0', 'the kernel'),
      esxiEvent(14, 3, 'useropts.gz\0', Uint8Array.of(0)),
    )
    expect(module).toMatchObject({
      kind: 'module',
      digest: digestOf('sha256', utf8('the kernel')),
      covered: false,
      content: { verified: false, hint: 'k.b00' },
    })
    expect(options).toMatchObject({ kind: 'boot-option', content: { verified: false, hint: 'useropts.gz' } })
    expect(toHex(options?.digest ?? new Uint8Array(0))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
  })

  test('a name stays a hint when the digest happens to cover it', () => {
    expect(one(esxiEvent(12, 2, 'k.b00\0'))).toMatchObject({ covered: false, content: { verified: false } })
  })

  test('nothing is verified in a PCR that is not proved', () => {
    const { log } = measure(esxiBootEvents(goodPlan()))
    const said = esxiEvents(log, 'sha256', [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13])
    for (const { pcr, content } of said) if (pcr === 14) expect(content.verified).toBe(false)
    const reasons = said.flatMap(({ content }) => (content.verified ? [] : [content.reason]))
    expect(reasons).toContain('PCR 14 is not proved by the log')
    expect(said.some(({ pcr, content }) => pcr === 13 && content.verified)).toBe(true)
  })

  test.each<[string, BuiltEvent, string]>([
    ['module', esxiEvent(12, 2, 'k.b00'), 'no file'],
    ['module', esxiEvent(12, 2, '\0'), 'no file'],
    ['module', esxiEvent(12, 2, '/k.b00\0'), 'no file'],
    ['module', esxiEvent(12, 2, 'k\nb00\0'), 'no file'],
    ['command-line', esxiEvent(14, 4, '/b.b00 a\0b'), 'not what its tag says'],
    ['command-line', esxiEvent(14, 4, Uint8Array.of(0x2f, 0xff)), 'not what its tag says'],
    ['signer', esxiEvent(14, 7, '/b.b00 evil'), 'not what its tag says'],
    ['signer', esxiEvent(14, 7, concatBytes(signers.certificate, Uint8Array.of(0))), 'not what its tag says'],
    ['signer', esxiEvent(14, 7, signers.certificate.subarray(0, -1)), 'not what its tag says'],
    ['signer', esxiEvent(14, 7, Uint8Array.of(0x30, 0x80, 0, 0)), 'not what its tag says'],
    [
      'signer',
      esxiEvent(14, 7, concatBytes(Uint8Array.of(0x30, 0x80, 0x02), new Uint8Array(127))),
      'not what its tag says',
    ],
    ['signer', esxiEvent(14, 7, Uint8Array.of(0x30, 0x84, 0, 0, 0, 1, 2)), 'not what its tag says'],
    ['signer', esxiEvent(14, 7, Uint8Array.of(0x30)), 'not what its tag says'],
    ['signer', esxiEvent(14, 7, ''), 'not what its tag says'],
    ['security-option', esxiEvent(14, 5, 'no pair'), 'not what its tag says'],
    ['version', esxiEvent(13, 8, 'too short'), 'vm_version_record_t'],
    ['unknown', esxiEvent(14, 1, 'x'), 'unknown tag 1'],
    ['unknown', esxiEvent(14, 9, 'x'), 'unknown tag 9'],
    ['unknown', { pcr: 12, type: eventTypes.EV_IPL, data: 'x' }, 'none of ESXi'],
    ['unknown', { pcr: 12, type: eventTypes.EV_EVENT_TAG, data: 'x' }, 'none of ESXi'],
  ])('%s without sense is explained', (kind, built, reason) => {
    expect(one(built)).toMatchObject({
      kind,
      covered: false,
      content: { verified: false, reason: expect.stringContaining(reason) },
    })
  })

  test('sizes that do not fit make it no event of ESXi', () => {
    const { data } = esxiEvent(14, 4, '/b.b00')
    const bytes = typeof data === 'string' ? utf8(data) : data
    for (const size of [0, 5, 7, 0xffff_ffff]) {
      const wrong = Uint8Array.from(bytes)
      new DataView(wrong.buffer).setUint32(4, size, true)
      const built = { pcr: 14, type: eventTypes.EV_EVENT_TAG, data: wrong, digestOf: '/b.b00' }
      expect(one(built)).toMatchObject({ kind: 'unknown', content: { verified: false } })
    }
  })

  test('Boot Complete is told by its digest, under whatever label, where it cannot be taken back', () => {
    const complete = 'Boot Complete\0'
    for (const pcr of [8, 11, 12, 13, 14, 15]) {
      expect(one(esxiEvent(pcr, 2, 'k.b00\0', complete))).toMatchObject({ kind: 'boot-complete', pcr })
    }
    for (const pcr of [0, 7, 16, 23]) expect(eventsOf({ pcr, type: 0x6000_0004, data: complete })).toEqual([])
    expect(one({ pcr: 12, type: 0x6000_0004, data: 'Boot Complete' })?.kind).toBe('kernel')
    expect(one({ pcr: 12, type: eventTypes.EV_NO_ACTION, data: complete })).toBeUndefined()
  })
})

test('a log without digests for the bank is refused', () => {
  const { log } = measure(esxiBootEvents(goodPlan()))
  expect(() => esxiEvents(log, 'sha384', [])).toThrow(expect.objectContaining({ code: 'EVENT_LOG_INVALID' }))
  const { bytes } = eventLog({ banks: ['sha1', 'sha256'] })
    .specId()
    .event({ pcr: 12, type: 6, data: 'x', digests: { sha1: new Uint8Array(20) } })
    .build()
  expect(() => esxiEvents(parseEventLog(bytes), 'sha256', [])).toThrow(
    expect.objectContaining({ code: 'EVENT_LOG_INVALID', context: expect.objectContaining({ event: 1 }) }),
  )
})
