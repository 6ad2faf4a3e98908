import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../src/bytes/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import {
  compareLogs,
  eventTypes,
  noPcr,
  parseEventLog,
  parseSystemdLog,
  proveLog,
  replayLogs,
  systemdFacts,
} from '../../src/measured-boot/index.js'
import {
  type BuiltMeasurement,
  type EventLogBuilder,
  eventLog,
  type SystemdLogBuilder,
  systemdLog,
} from '../../src/testing/index.js'

const failureOf = (run: () => unknown) => {
  try {
    run()
    return undefined
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { code: error.code, ...error.context }
  }
}
const digest = 'ab'.repeat(32)
const record = (members: string) => `\x1e{${members}}\n`
const digests = `"digests":[{"hashAlg":"sha256","digest":"${digest}"}]`
const content = '"content_type":"systemd","content":{"string":"ready"}'

describe('reading', () => {
  // Made by hand from what systemd 256 writes.
  const text =
    `\x1e{"pcr":11,"digests":[{"hashAlg":"sha1","digest":"${'cd'.repeat(20)}"},` +
    `{"hashAlg":"sha256","digest":"${digest}"}],"content_type":"systemd","content":{"string":"enter-initrd",` +
    '"bootId":"5e6f3a0c1f5b4b7e9f0f0a8a4b1c2d3e","timestamp":1234567,"eventType":"phase"}}\n'

  test('every member is found', () => {
    const log = parseSystemdLog(utf8(text + text))
    expect(log).toMatchObject({ source: 'systemd', algorithms: ['sha1', 'sha256'], startupLocality: 0 })
    expect(log.events).toHaveLength(2)
    expect(log.events[1]).toMatchObject({
      index: 1,
      offset: text.length,
      pcr: 11,
      extends: true,
      label: 'phase',
      contentType: 'systemd',
      eventType: 'phase',
      string: 'enter-initrd',
      bootId: '5e6f3a0c1f5b4b7e9f0f0a8a4b1c2d3e',
      timestamp: 1_234_567n,
      nvIndex: undefined,
    })
    expect(toHex(log.events[0]?.digest('sha256') ?? new Uint8Array(0))).toBe(digest)
    expect(log.events[0]?.digest('sha384')).toBeUndefined()
    expect(log.events[0]?.describe()).toBe("phase 'enter-initrd'")
  })

  test('the builder writes the same', () => {
    const [event] = parseSystemdLog(systemdLog().measure({ string: 'sysinit' }).build().bytes).events
    expect(event).toMatchObject({ pcr: 11, eventType: 'phase', string: 'sysinit' })
  })

  test('a record of an NV index extends no PCR', () => {
    const builder = systemdLog().measure({ string: 'x', nvIndex: { index: 0x1d1_0200, name: 'hardware' } })
    const [event] = parseSystemdLog(builder.build().bytes).events
    expect(event).toMatchObject({ pcr: noPcr, extends: false, nvIndex: 0x1d1_0200, nvIndexName: 'hardware' })
  })

  test('a log without records leaves no bank out', () => {
    const log = parseSystemdLog(new Uint8Array(0))
    expect(log.events).toEqual([])
    expect(replayLogs([log], 'sha384').extended.size).toBe(0)
  })

  test('content of another kind and members that are not known are passed over', () => {
    const log = parseSystemdLog(
      utf8(record(`"pcr":4,"recnum":7,${digests},"content_type":"other","content":3`)),
    )
    expect(log.events[0]).toMatchObject({ pcr: 4, label: 'other', string: undefined })
    const known = `{"hashAlg":"sha256","digest":"${digest}"}`
    const unknown = record(`"pcr":4,"digests":[{"hashAlg":"whirlpool","digest":"00"},${known}]`)
    expect(parseSystemdLog(utf8(unknown)).algorithms).toEqual(['sha256'])
  })

  test('what it says of itself is shown on one line', () => {
    const builder = systemdLog().measure({ string: `a\n\x1b[31m${'x'.repeat(300)}end`, eventType: 'pha\nse' })
    const shown = parseSystemdLog(builder.build().bytes).events[0]?.describe() ?? ''
    expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    expect(shown.startsWith("pha se 'a [31mxxx")).toBe(true)
    expect(Array.from(shown).length).toBeLessThan(220)
    expect(shown.endsWith("end'")).toBe(true)
  })
})

describe('refusals', () => {
  test.each<[string, string, string]>([
    ['no separator', `{"pcr":1}\n`, 'record'],
    ['something before the separator', ` ${record(`"pcr":1,${digests},${content}`)}`, 'record'],
    ['a text that was written in part', `\x1e{"pcr":1,${digests}`, 'record'],
    ['an empty text', '\x1e\n', 'record'],
    ['two texts after one separator', `\x1e{"pcr":1,${digests}}\n{"pcr":1,${digests}}\n`, 'record'],
    ['a text that is no object', '\x1e[]\n', 'record'],
    ['a NUL', record(`"pcr":1,${digests},${content}\0`), 'record'],
    ['a member twice', record(`"pcr":1,"pcr":11,${digests},${content}`), 'record'],
    ['a member twice by an escape', record(`"pcr":1,"p\\u0063r":11,${digests},${content}`), 'record'],
    [
      'a member of the content twice',
      record(`"pcr":11,${digests},"content_type":"systemd","content":{"string":"ready","string":"final"}`),
      'record',
    ],
    ['too many levels', record(`"pcr":1,${digests},"x":${'['.repeat(16)}${']'.repeat(16)}`), 'record'],
    ['no PCR', record(`${digests},${content}`), 'pcr'],
    ['a PCR and an NV index', record(`"pcr":1,"nv_index":1,${digests},${content}`), 'pcr'],
    ['a PCR that there is not', record(`"pcr":24,${digests},${content}`), 'pcr'],
    ['a PCR that is no number', record(`"pcr":"11",${digests},${content}`), 'pcr'],
    ['a PCR that is not whole', record(`"pcr":1.5,${digests},${content}`), 'pcr'],
    ['a negative PCR', record(`"pcr":-1,${digests},${content}`), 'pcr'],
    ['an NV index that is too large', record(`"nv_index":4294967296,${digests},${content}`), 'nv_index'],
    ['no digests', record(`"pcr":1,${content}`), 'digests'],
    ['an empty list of digests', record(`"pcr":1,"digests":[],${content}`), 'digests'],
    ['a digest without algorithm', record(`"pcr":1,"digests":[{"digest":"00"}],${content}`), 'digests[0]'],
    [
      'a digest of another size',
      record(`"pcr":1,"digests":[{"hashAlg":"sha256","digest":"${digest}00"}]`),
      'digests[0].digest',
    ],
    [
      'a digest in capitals',
      record(`"pcr":1,"digests":[{"hashAlg":"sha256","digest":"${digest.toUpperCase()}"}]`),
      'digests[0].digest',
    ],
    [
      'an algorithm twice',
      record(
        `"pcr":1,"digests":[{"hashAlg":"sha256","digest":"${digest}"},{"hashAlg":"sha256","digest":"${digest}"}]`,
      ),
      'digests[1].hashAlg',
    ],
    ['content that is missing', record(`"pcr":1,${digests},"content_type":"systemd"`), 'content'],
    [
      'a string that is none',
      record(`"pcr":1,${digests},"content_type":"systemd","content":{"string":7}`),
      'content.string',
    ],
    [
      'a boot ID that is none',
      record(`"pcr":1,${digests},"content_type":"systemd","content":{"bootId":"x"}`),
      'content.bootId',
    ],
    [
      'a time before the boot',
      record(`"pcr":1,${digests},"content_type":"systemd","content":{"timestamp":-1}`),
      'content.timestamp',
    ],
  ])('%s', (_, text, field) => {
    const good = systemdLog().measure({ string: 'enter-initrd' }).build().bytes
    expect(failureOf(() => parseSystemdLog(concatBytes(good, utf8(text))))).toMatchObject({
      code: 'EVENT_LOG_INVALID',
      event: text.startsWith(' ') || text.startsWith('{') ? 0 : 1,
      field,
    })
  })

  test('a log that does not start with a separator', () => {
    for (const first of [0x20, 0x1f, 0x0a, 0]) {
      const bytes = Uint8Array.from(systemdLog().measure({ string: 'enter-initrd' }).build().bytes)
      bytes[0] = first
      expect(failureOf(() => parseSystemdLog(bytes))).toMatchObject({ event: 0, offset: 0, field: 'record' })
    }
  })

  test('bytes that are not UTF-8', () => {
    const bytes = concatBytes(utf8('\x1e{"pcr":1,"x":"'), Uint8Array.of(0xff), utf8(`",${digests}}\n`))
    expect(failureOf(() => parseSystemdLog(bytes))).toMatchObject({ field: 'record', expected: 'UTF-8' })
  })

  const two = systemdLog().measure({ string: 'a' }).measure({ string: 'b' }).build()
  test.each([
    ['bytes', two.bytes.length, 'SystemdLog'],
    ['records', 2, 'SystemdLog.records'],
    ['recordBytes', two.bytes.length / 2, 'SystemdLog.records[0]'],
  ])('limit %s, at the limit and one below', (name, limit, path) => {
    expect(parseSystemdLog(two.bytes, { [name]: limit }).events).toHaveLength(2)
    expect(failureOf(() => parseSystemdLog(two.bytes, { [name]: limit - 1 }))).toMatchObject({
      code: 'CODEC_LIMIT',
      path,
      limit: limit - 1,
    })
  })

  test('says what is no JSON and what has members twice', () => {
    const failure = (text: string) => failureOf(() => parseSystemdLog(utf8(text)))
    expect(failure('\x1e{"pcr":\n')).toMatchObject({ expected: 'strict JSON', actual: 'no JSON' })
    expect(failure('\x1e{"pcr":1,"pcr":1}\n')).toMatchObject({
      expected: 'strict JSON',
      actual: 'a member twice',
    })
  })

  test('digests of one record', () => {
    const digest = (i: number) => `{"hashAlg":"unknown-${i}","digest":"00"}`
    const list = (count: number) => Array.from({ length: count }, (_, i) => digest(i)).join()
    const failure = (count: number) =>
      failureOf(() => parseSystemdLog(utf8(`\x1e{"pcr":1,"digests":[${list(count)}]}\n`)))
    expect(failure(17)).toMatchObject({ field: 'digests', expected: '1 to 16 digests' })
    expect(failure(16)).not.toMatchObject({ field: 'digests', expected: '1 to 16 digests' })
  })

  test('depth, at the limit and one below', () => {
    expect(parseSystemdLog(two.bytes, { depth: 3 }).events).toHaveLength(2)
    expect(failureOf(() => parseSystemdLog(two.bytes, { depth: 2 }))).toMatchObject({ field: 'record' })
  })

  test('every truncation is refused or is a log that ends earlier', () => {
    for (let length = 0; length < two.bytes.length; length++) {
      const failure = failureOf(() => parseSystemdLog(two.bytes.subarray(0, length)))
      if (length === 0 || two.offsets.includes(length)) expect(failure).toBeUndefined()
      else expect(failure).toMatchObject({ code: 'EVENT_LOG_INVALID', field: 'record' })
    }
  })

  test('mutated logs are read or refused with a typed error', () => {
    const places = fc.array(fc.tuple(fc.nat(two.bytes.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(places, (changes) => {
        const mutated = Uint8Array.from(two.bytes)
        for (const [at, value] of changes) mutated[at] = value
        const failure = failureOf(() => parseSystemdLog(mutated))
        if (failure !== undefined) expect(['EVENT_LOG_INVALID', 'CODEC_LIMIT']).toContain(failure.code)
      }),
      { numRuns: 1000 },
    )
  })
})

const { EV_IPL } = eventTypes
const machineId = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const utf16 = (text: string) => Uint8Array.from(Buffer.from(`${text}\0`, 'utf16le'))

/** What systemd-stub leaves of a unified kernel image. */
const unifiedImage = () => {
  const builder = eventLog({ banks: ['sha1', 'sha256'] })
    .specId()
    .separator(7)
  for (const name of ['.linux', '.osrel', '.cmdline', '.initrd']) {
    builder.event({ pcr: 11, type: EV_IPL, data: utf16(name), digestOf: `${name}\0` })
    builder.event({ pcr: 11, type: EV_IPL, data: utf16(name), digestOf: `content of ${name}` })
  }
  return builder
}
const phases = ['enter-initrd', 'leave-initrd', 'sysinit', 'ready']
const identity = { pcr: 15, eventType: 'machine-id', string: `machine-id:${machineId}` }

/** A machine that booted the image and measured all this; what is presented of its logs may be another thing. */
function boot(
  measured: readonly BuiltMeasurement[],
  lies: {
    firmware?: EventLogBuilder
    presented?: EventLogBuilder
    later?: (builder: SystemdLogBuilder) => SystemdLogBuilder
  } = {},
) {
  const { firmware = unifiedImage(), presented = firmware, later = (builder) => builder } = lies
  const { pcrs: from } = firmware.build()
  const banks = ['sha1', 'sha256'] as const
  const truth = systemdLog({ banks, from })
  for (const measurement of measured) truth.measure(measurement)
  const quoted = truth.build()
  const shown = later(systemdLog({ banks })).build().bytes
  const log = parseEventLog(presented.build().bytes)
  const systemd = parseSystemdLog(shown.length === 0 ? quoted.bytes : shown)
  const comparison = compareLogs([log, systemd], 'sha256', quoted.pcrs.get('sha256') ?? new Map())
  const proved = proveLog(log, 'sha256', comparison.matching, [systemd])
  return { comparison, facts: systemdFacts(systemd, proved), log, systemd, quoted }
}
const words = phases.map((string): BuiltMeasurement => ({ string }))

describe('what it proves', () => {
  test('the logs together explain PCRs 11 and 15, which the firmware log alone does not', () => {
    const { comparison, log, quoted } = boot([...words, identity])
    const values = quoted.pcrs.get('sha256') ?? new Map<number, Uint8Array>()
    expect(comparison.matching).toEqual([7, 11, 15])
    expect(comparison.differing).toEqual([])
    expect(compareLogs([log], 'sha256', values)).toMatchObject({
      matching: [7],
      differing: [{ pcr: 11 }],
      unlogged: [15],
    })
  })

  test('phases and machine ID', () => {
    const { facts } = boot([...words, { ...identity, string: 'file-system:/:ext4' }, identity])
    expect(facts.phases).toEqual({ verified: true, value: phases })
    expect(facts.machineId).toEqual({ verified: true, value: machineId, event: 5 })
    expect(facts.statements.map(({ string }) => string.verified)).toEqual([
      true,
      true,
      true,
      true,
      true,
      true,
    ])
    expect(facts.statements[4]).toEqual({
      event: 4,
      pcr: 15,
      eventType: 'machine-id',
      string: { verified: true, value: 'file-system:/:ext4', event: 4 },
    })
  })

  test('a volume key is a hint, and what it may hide is doubted', () => {
    const key = {
      pcr: 15,
      eventType: 'volume-key',
      string: 'cryptsetup:root:1e02',
      secret: Uint8Array.of(1, 2),
    }
    const { facts } = boot([...words, key, identity])
    expect(facts.statements[4]?.string).toMatchObject({ verified: false, hint: 'cryptsetup:root:1e02' })
    expect(facts.machineId).toMatchObject({ verified: false, hint: machineId })
    expect(boot([...words, identity, key]).facts.machineId).toMatchObject({ verified: true })
  })

  test('a machine ID is 32 hexadecimal digits', () => {
    const { machineId: found } = boot([...words, { ...identity, string: 'machine-id:none' }]).facts
    expect(found).toMatchObject({ verified: false, reason: 'event 4 has a machine ID that is none' })
    expect(boot(words).facts.machineId).toMatchObject({ verified: false, hint: undefined })
  })

  test('a record without a string says nothing', () => {
    const systemd = parseSystemdLog(utf8(record(`"pcr":11,${digests}`)))
    const { statements } = systemdFacts(systemd, proveLog(boot(words).log, 'sha256', [11], [systemd]))
    expect(statements[0]?.string).toEqual({
      verified: false,
      reason: 'event 0 does not say what was measured',
    })
  })

  test('what goes into an NV index is a hint', () => {
    const { facts } = boot([...words, { string: 'product-id:1', nvIndex: { index: 1, name: 'hardware' } }])
    expect(facts.statements[4]?.string).toMatchObject({
      verified: false,
      hint: 'product-id:1',
      reason: expect.stringContaining('NV index'),
    })
    expect(facts.phases.verified).toBe(true)
  })

  test('nothing is verified by a log that was not replayed', () => {
    const { log, systemd } = boot([...words, identity])
    for (const proved of [proveLog(log, 'sha256', [7, 11, 15]), proveLog(log, 'sha256', [7], [systemd])]) {
      const facts = systemdFacts(systemd, proved)
      expect(facts.phases.verified).toBe(false)
      expect(facts.machineId.verified).toBe(false)
      expect(facts.statements.some(({ string }) => string.verified)).toBe(false)
    }
  })
})

describe('lies', () => {
  const evil = [...words, { string: 'evil' }]

  test('a word that was left out does not replay', () => {
    const later = (builder: SystemdLogBuilder) =>
      phases.reduce((all, string) => all.measure({ string }), builder)
    const { comparison, facts } = boot(evil, { later })
    expect(comparison.differing.map(({ pcr }) => pcr)).toEqual([11])
    expect(facts.phases).toMatchObject({ verified: false, hint: phases })
  })

  test('a word under another string is not verified', () => {
    const later = (builder: SystemdLogBuilder) =>
      phases
        .reduce((all, string) => all.measure({ string }), builder)
        .measure({ string: 'final', digestOf: 'evil' })
    const { comparison, facts } = boot(evil, { later })
    expect(comparison.differing).toEqual([])
    expect(facts.phases.verified).toBe(false)
    expect(facts.statements.map(({ string }) => string.verified)).toEqual([true, true, true, true, false])
  })

  test('words that were moved into the firmware log are not overlooked', () => {
    const again = [...words, { string: 'enter-initrd' }]
    for (const data of [utf16('.dtb'), utf16('sysinit'), 'sysinit']) {
      const presented = phases.reduce(
        (all, string) => all.event({ pcr: 11, type: EV_IPL, data, digestOf: string }),
        unifiedImage(),
      )
      const later = (builder: SystemdLogBuilder) => builder.measure({ string: 'enter-initrd' })
      const { comparison, facts } = boot(again, { presented, later })
      expect(comparison.differing).toEqual([])
      expect(facts.phases).toMatchObject({ verified: false, hint: ['enter-initrd'] })
    }
  })

  test('an image whose last section has no content is none', () => {
    const presented = unifiedImage().event({
      pcr: 11,
      type: EV_IPL,
      data: utf16('.uname'),
      digestOf: '.uname\0',
    })
    const { facts } = boot(words, { firmware: presented })
    expect(facts.phases).toMatchObject({ verified: false, hint: phases })
  })

  test('a true machine ID does not hide behind another name', () => {
    const forged = { ...identity, string: `machine-id:${'e'.repeat(32)}` }
    for (const string of ['cryptsetup:root', 'file-system:/']) {
      const later = (builder: SystemdLogBuilder) =>
        builder.measure({ pcr: 15, string, digestOf: identity.string }).measure(forged)
      const { comparison, facts } = boot([identity, forged], { later })
      expect(comparison.differing).toEqual([])
      expect(facts.machineId.verified).toBe(false)
    }
    const presented = unifiedImage().event({ pcr: 15, type: EV_IPL, data: 'x', digestOf: identity.string })
    const later = (builder: SystemdLogBuilder) => builder.measure(forged)
    expect(boot([identity, forged], { presented, later }).facts.machineId.verified).toBe(false)
    expect(boot([identity, forged]).facts.machineId).toMatchObject({ verified: true, value: machineId })
  })
})
