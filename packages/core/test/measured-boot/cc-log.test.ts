import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../test/recordings/load.js'
import { concatBytes, utf8 } from '../../src/bytes/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import {
  compareLog,
  eventTypes,
  isCcEventLog,
  parseCcEventLog,
  parseEventLog,
  replayCcEventLog,
} from '../../src/measured-boot/index.js'
import { eventLog } from '../../src/testing/index.js'

const { EV_SEPARATOR, EV_EFI_HANDOFF_TABLES2, EV_IPL, EV_NO_ACTION } = eventTypes
const failureOf = (run: () => unknown) => {
  try {
    run()
    return undefined
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { code: error.code, ...error.context }
  }
}
const confidential = () =>
  eventLog({ banks: ['sha384'], confidential: true })
    .specId()
    .event({ pcr: 1, type: EV_EFI_HANDOFF_TABLES2, data: 'td_hob' })
    .event({ pcr: 0, type: EV_NO_ACTION, data: 'SP800-155 Event3' })
    .event({ pcr: 2, type: EV_SEPARATOR, data: new Uint8Array(4) })
    .event({ pcr: 3, type: EV_IPL, data: 'grub_cmd: true' })
    .event({ pcr: 4, type: EV_IPL, data: 'container' })
const built = confidential().build()

describe('T-17: logs of confidential machines', () => {
  test('are read and replayed into their registers', () => {
    expect(isCcEventLog(built.bytes)).toBe(true)
    const log = parseCcEventLog(built.bytes)
    expect(log).toMatchObject({ source: 'cc', format: 'crypto-agile', algorithms: ['sha384'], eventCount: 6 })
    expect(log.events[4]).toMatchObject({ pcr: 3, typeName: 'EV_IPL', label: 'EV_IPL' })
    const values = replayCcEventLog(log, 'sha384')
    expect([...values.keys()]).toEqual([1, 2, 3, 4])
    for (const [register, value] of values) expect(value).toEqual(built.pcrs.get('sha384')?.get(register))
    expect(() => replayCcEventLog(log, 'sha256')).toThrow(/expected digests for sha256, found sha384/)
  })

  test('are refused where the log of a TPM is judged', () => {
    expect(failureOf(() => parseEventLog(built.bytes))).toMatchObject({
      code: 'EVENT_LOG_INVALID',
      event: 0,
      offset: 0,
      field: 'pcrIndex',
      expected: 'the log of a TPM',
    })
    const log = parseCcEventLog(built.bytes)
    // @ts-expect-error What is in registers says nothing of PCRs.
    const compare = () => compareLog(log, 'sha384', built.pcrs.get('sha384') ?? new Map())
    expect(failureOf(compare)).toMatchObject({ code: 'EVENT_LOG_INVALID', field: 'source' })
  })

  test('of td-shim are told by its name, though their header stands in PCR 0', () => {
    const vendorInfo = utf8('td-shim')
    const { bytes } = eventLog({ banks: ['sha384'] })
      .specId({ vendorInfo })
      .separator(1)
      .build()
    expect(isCcEventLog(bytes)).toBe(true)
    expect(parseCcEventLog(bytes).eventCount).toBe(2)
    expect(failureOf(() => parseEventLog(bytes))).toMatchObject({ field: 'vendorInfo', offset: 65 })
    const other = eventLog()
      .specId({ vendorInfo: utf8('td-shin') })
      .build().bytes
    expect(isCcEventLog(other)).toBe(false)
  })

  test('have five registers', () => {
    const { bytes } = confidential().event({ pcr: 5, type: EV_IPL, data: 'x' }).build()
    expect(failureOf(() => parseCcEventLog(bytes))).toMatchObject({ field: 'pcrIndex', event: 6 })
  })

  test('a register with an event that has no digest has no value', () => {
    const { bytes } = confidential().event({ pcr: 3, type: EV_IPL, data: 'x', digests: {} }).build()
    expect([...replayCcEventLog(parseCcEventLog(bytes), 'sha384').keys()]).toEqual([1, 2, 4])
  })

  test.each([
    [0xff, 8],
    [0xff, 4096],
    [0x00, 4096],
  ])('a tail of %i, %i bytes, is padding', (fill, length) => {
    const bytes = concatBytes(built.bytes, new Uint8Array(length).fill(fill))
    expect(parseCcEventLog(bytes)).toMatchObject({ padding: length, eventCount: 6 })
  })

  test('the log of a TPM is none, even when its PCRs could be registers', () => {
    const { bytes } = eventLog().specId().separator(0).separator(4).build()
    expect(parseEventLog(bytes).eventCount).toBe(3)
    expect(failureOf(() => parseCcEventLog(bytes))).toMatchObject({
      code: 'EVENT_LOG_INVALID',
      event: 0,
      field: 'pcrIndex',
      actual: 'that of a TPM',
    })
  })

  test('nothing else is taken for one', () => {
    for (const bytes of [loadBoot('boot-secure').eventLog, utf8('no log at all'), new Uint8Array(0)]) {
      expect(isCcEventLog(bytes)).toBe(false)
      expect(failureOf(() => parseCcEventLog(bytes))).toBeDefined()
    }
  })
})
