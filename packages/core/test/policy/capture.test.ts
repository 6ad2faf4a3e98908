import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes/index.js'
import { eventTypes, parseEventLog } from '../../src/measured-boot/index.js'
import { captureBaseImage, decodeBaseImage, encodeBaseImage } from '../../src/policy/index.js'
import { type EventLogBuilder, eventLog } from '../../src/testing/index.js'
import { judgedPcrs, recordedHost, recordedImage } from './golden-host.js'

const { EV_IPL, EV_S_CRTM_VERSION } = eventTypes

function capture(builder: EventLogBuilder, pcrs: readonly number[], changes: [number, Uint8Array][] = []) {
  const { bytes, pcrs: banks } = builder.build()
  const values = new Map([...(banks.get('sha256') ?? [])].filter(([pcr]) => pcrs.includes(pcr)))
  for (const [pcr, value] of changes) values.set(pcr, value)
  return captureBaseImage({ name: 'image', log: parseEventLog(bytes), bank: 'sha256', pcrs: values })
}

const refusal = (path: string, expected: RegExp) =>
  expect.objectContaining({
    code: 'BASE_IMAGE_INVALID',
    context: expect.objectContaining({ path, expected: expect.stringMatching(expected) }),
  })

describe('a recorded host', () => {
  const image = recordedImage('boot-secure')
  const { boot, log } = recordedHost('boot-secure')

  test('gives each PCR with its value and its events', () => {
    expect(image).toMatchObject({ version: 1, name: 'image of boot-secure', bank: 'sha256' })
    expect(image.pcrs.map(({ pcr }) => pcr)).toEqual(judgedPcrs)
    for (const { pcr, value, events } of image.pcrs) {
      expect(value).toBe(toHex(boot.pcrs.sha256.get(pcr) ?? new Uint8Array(0)))
      const logged = log.events.slice(1).filter((event) => event.pcr === pcr)
      expect(events.map(({ type }) => type)).toEqual(logged.map(({ typeName }) => typeName))
    }
  })

  test('survives its encoding, which is canonical', () => {
    const bytes = encodeBaseImage(image)
    expect(decodeBaseImage(bytes)).toEqual(image)
    expect(encodeBaseImage(decodeBaseImage(bytes))).toEqual(bytes)
    const shuffled = { pcrs: image.pcrs, bank: image.bank, name: image.name, version: image.version }
    expect(encodeBaseImage(shuffled)).toEqual(bytes)
  })

  test('keeps a description', () => {
    const { values } = recordedHost('boot-secure', [7])
    const captured = captureBaseImage({ name: 'n', log, bank: 'sha256', pcrs: values, description: 'golden' })
    expect(decodeBaseImage(encodeBaseImage(captured)).description).toBe('golden')
  })
})

test('the startup locality of the golden host is kept', () => {
  const builder = eventLog()
    .specId()
    .startupLocality(3)
    .event({ pcr: 0, type: EV_S_CRTM_VERSION, data: 'v1' })
  const image = capture(builder.separator(1), [0, 1])
  expect(image.pcrs.map(({ startupLocality }) => startupLocality)).toEqual([3, undefined])
  expect(decodeBaseImage(encodeBaseImage(image))).toEqual(image)
})

describe('refused', () => {
  const good = () => eventLog().specId().separator(0).separator(7).event({ pcr: 8, type: EV_IPL, data: 'x' })
  const value = new Uint8Array(32).fill(0x5a)

  test('an empty selection', () => {
    expect(() => capture(good(), [])).toThrow(refusal('pcrs', /at least one PCR/))
  })

  test.each([16, 23])('PCR %i, which software can reset', (pcr) => {
    const builder = good().event({ pcr, type: EV_IPL, data: 'x' })
    expect(() => capture(builder, [7, pcr])).toThrow(refusal(`pcrs[${pcr}]`, /cannot reset/))
  })

  test.each([-1, 24, 1.5, Number.NaN])('PCR %d, which there is not', (pcr) => {
    expect(() => capture(good(), [], [[pcr, value]])).toThrow(refusal(`pcrs[${pcr}]`, /PCR of 0 to 23/))
  })

  test('a value that the log does not replay to', () => {
    expect(() => capture(good(), [7], [[8, value]])).toThrow(refusal('pcrs[8]', /replays to 5a5a/))
  })

  test('a PCR without events, whatever its value', () => {
    expect(() => capture(good(), [7], [[10, value]])).toThrow(refusal('pcrs[10]', /explains/))
  })

  test.each([0x00, 0xff])('T-13: a value of bytes %i', (fill) => {
    const blank = new Uint8Array(32).fill(fill)
    expect(() => capture(good(), [7], [[9, blank]])).toThrow(refusal('pcrs[9]', /something was extended/))
    expect(() => capture(good(), [7], [[8, blank]])).toThrow(refusal('pcrs[8]', /something was extended/))
  })

  test('a value of another length', () => {
    expect(() => capture(good(), [], [[7, value.subarray(1)]])).toThrow(refusal('pcrs[7]', /32 bytes/))
  })

  test('T-13: a bank that is not in the log, or is none', () => {
    const log = parseEventLog(good().build().bytes)
    const pcrs = new Map([[7, new Uint8Array(48).fill(1)]])
    const input = { name: 'n', log, pcrs }
    expect(() => captureBaseImage({ ...input, bank: 'sha384' })).toThrow(/digests for sha384/)
    expect(() => captureBaseImage({ ...input, bank: 'md5' })).toThrow(refusal('bank', /hash algorithm/))
  })

  test.each(['', ' x', 'x\n', 'a\u202eb', 'x'.repeat(129), 'e\u0301'])('the name %j', (name) => {
    const { bytes, pcrs } = good().build()
    const values = new Map([...(pcrs.get('sha256') ?? [])].filter(([pcr]) => pcr === 7))
    const log = parseEventLog(bytes)
    expect(() => captureBaseImage({ name, log, bank: 'sha256', pcrs: values })).toThrow(refusal('name', /./))
  })
})
