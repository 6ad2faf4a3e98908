import { describe, expect, test } from 'vitest'
import { concatBytes, toHex } from '../../src/bytes/index.js'
import {
  compareLog,
  compareLogs,
  eventTypes,
  extendPcr,
  initialValue,
  type MeasurementLog,
  parseEventLog,
  parseSystemdLog,
  replay,
  replayEventLog,
  replayLogs,
} from '../../src/measured-boot/index.js'
import { eventLog, systemdLog } from '../../src/testing/index.js'

const { EV_NO_ACTION, EV_IPL, EV_S_CRTM_VERSION } = eventTypes
const locality = (bytes: string) => new TextEncoder().encode(`StartupLocality\0${bytes}`)

describe('replay', () => {
  test('extends as the TPM specification has it', () => {
    // SHA-256 of 32 zero bytes and of the digest of four zero bytes: known from any machine's untouched PCR.
    const { bytes } = eventLog().specId().separator(2).build()
    expect(toHex(replayEventLog(parseEventLog(bytes), 'sha256').get(2) ?? new Uint8Array(0))).toBe(
      '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969',
    )
  })

  test('every bank and PCR comes out as the builder computed it', () => {
    const builder = eventLog({ banks: ['sha1', 'sha256', 'sha384', 'sha512', 'sm3_256'] }).specId()
    for (let i = 0; i < 120; i++) builder.event({ pcr: i % 24, type: EV_IPL, data: `event ${i}` })
    const { bytes, pcrs } = builder.build()
    for (const [bank, values] of pcrs) expect(replayEventLog(parseEventLog(bytes), bank)).toEqual(values)
  })

  test('PCRs 17 to 22 start with all ones, the others with zeros', () => {
    const values = replayEventLog(parseEventLog(eventLog().specId().build().bytes), 'sha256')
    expect([...values.keys()]).toEqual(Array.from({ length: 24 }, (_, pcr) => pcr))
    for (const [pcr, value] of values) {
      expect(value).toEqual(new Uint8Array(32).fill(pcr >= 17 && pcr <= 22 ? 0xff : 0))
    }
  })

  test('events without action are left out, whatever they hold', () => {
    const plain = eventLog().specId().separator(0)
    const chatty = eventLog()
      .specId()
      .event({ pcr: 0, type: EV_NO_ACTION, data: '' })
      .event({ pcr: 0, type: EV_NO_ACTION, data: 'StartupLocalit' })
      .event({ pcr: 1, type: EV_NO_ACTION, data: locality('\x03') })
      .event({ pcr: 0xffff_ffff, type: EV_NO_ACTION, data: 'SP800-155 Event' })
      .separator(0)
    const replayed = (builder: typeof plain) => replayEventLog(parseEventLog(builder.build().bytes), 'sha256')
    expect(replayed(chatty)).toEqual(replayed(plain))
  })

  test.each([0, 3, 4])('T-17: startup locality %i is where PCR 0 begins', (value) => {
    const { bytes, pcrs } = eventLog({ banks: ['sha256', 'sha384'] })
      .specId()
      .startupLocality(value)
      .event({ pcr: 0, type: EV_S_CRTM_VERSION, data: 'v1' })
      .build()
    const log = parseEventLog(bytes)
    for (const bank of ['sha256', 'sha384'] as const) {
      expect(replayEventLog(log, bank).get(0)).toEqual(pcrs.get(bank)?.get(0))
    }
    const first = new Uint8Array(32)
    first[31] = value
    expect(initialValue(0, 32, value)).toEqual(first)
    expect(replayEventLog(log, 'sha256').get(0)).toEqual(
      extendPcr('sha256', first, [log.events[2]?.digest('sha256') ?? new Uint8Array(0)]),
    )
  })

  test.each([
    ['stated twice', eventLog().specId().startupLocality(3).startupLocality(3), 2],
    ['stated after PCR 0 was extended', eventLog().specId().separator(0).startupLocality(3), 2],
    ['no known one', eventLog().specId().startupLocality(5), 1],
    [
      'cut off',
      eventLog()
        .specId()
        .event({ pcr: 0, type: EV_NO_ACTION, data: locality('') }),
      1,
    ],
    [
      'too long',
      eventLog()
        .specId()
        .event({ pcr: 0, type: EV_NO_ACTION, data: locality('\x03\0') }),
      1,
    ],
  ])('refuses a startup locality that is %s', (_, builder, event) => {
    expect(() => parseEventLog(builder.build().bytes)).toThrow(
      expect.objectContaining({ code: 'EVENT_LOG_INVALID', context: expect.objectContaining({ event }) }),
    )
  })

  test('a PCR with an event that leaves the bank out has no value: it could claim what nothing covers', () => {
    const digests = { sha1: new Uint8Array(20) }
    const builder = eventLog({ banks: ['sha1', 'sha256'] })
      .specId()
      .separator(7)
    const { bytes, pcrs } = builder.event({ pcr: 8, type: EV_IPL, data: 'x', digests }).separator(8).build()
    const log = parseEventLog(bytes)
    const { values, extended } = replay(log, 'sha256')
    expect(values.has(8)).toBe(false)
    expect([...extended]).toEqual([7, 8])
    expect(values.size).toBe(23)
    expect(replayEventLog(log, 'sha1').get(8)).toEqual(pcrs.get('sha1')?.get(8))
    const quoted = pcrs.get('sha256') ?? new Map<number, Uint8Array>()
    const { matching, differing } = compareLog(log, 'sha256', quoted)
    expect(matching).toEqual([7])
    expect(differing).toEqual([{ pcr: 8, replayed: undefined, expected: quoted.get(8) }])
    const blank = new Map([[8, new Uint8Array(32)]])
    expect(compareLog(log, 'sha256', blank).differing.map(({ pcr }) => pcr)).toEqual([8])
  })

  test.each(['sha384', 'md5', ''])('T-13: refuses the bank %j, which is not in the log', (bank) => {
    const log = parseEventLog(eventLog().specId().build().bytes)
    expect(() => replayEventLog(log, bank)).toThrow(
      expect.objectContaining({
        code: 'EVENT_LOG_INVALID',
        context: expect.objectContaining({ field: 'algorithms' }),
      }),
    )
  })
})

describe('several logs', () => {
  const firmware = eventLog().specId().startupLocality(3).separator(0).separator(7).build()
  const first = parseEventLog(firmware.bytes)
  const values = (built: { pcrs: typeof firmware.pcrs }) =>
    built.pcrs.get('sha256') ?? new Map<number, Uint8Array>()
  const systemd = systemdLog({ from: firmware.pcrs })
    .measure({ string: 'enter-initrd' })
    .measure({ pcr: 7, string: 'into a PCR of the firmware' })
    .build()
  const second = parseSystemdLog(systemd.bytes)
  /** What an operating system's list is like that has no faster way to its digests. */
  const plain = (entries: readonly { pcr: number; digest: Uint8Array | undefined }[]): MeasurementLog => ({
    source: 'ima',
    algorithms: ['sha256'],
    startupLocality: 0,
    events: entries.map(({ pcr, digest }, index) => ({
      index,
      offset: 8 * index,
      pcr,
      extends: true,
      label: 'ima-ng',
      digests: new Map(digest === undefined ? [] : [['sha256', digest]]),
      digest: () => digest,
      copyDigest(_, target, at) {
        if (digest !== undefined) target.set(digest, at)
        return digest !== undefined
      },
      describe: () => 'ima-ng',
    })),
  })
  const sevens = new Uint8Array(32).fill(7)

  test('extend the same PCRs one after the other', () => {
    const { values: replayed, extended } = replayLogs([first, second], 'sha256')
    expect(replayed).toEqual(values(systemd))
    expect([...extended]).toEqual([0, 7, 11])
    const { matching, differing, untouched } = compareLogs([first, second], 'sha256', values(systemd))
    expect(matching).toEqual([0, 7, 11])
    expect(differing).toEqual([])
    expect(untouched.length).toBe(21)
  })

  test('are replayed in the order in which they are given', () => {
    const { differing } = compareLogs([second, first], 'sha256', values(systemd))
    expect(differing.map(({ pcr }) => pcr)).toEqual([7])
  })

  test('explain what one of them alone does not', () => {
    const list = plain([
      { pcr: 10, digest: sevens },
      { pcr: 10, digest: sevens },
    ])
    const quoted = new Map(values(systemd))
    quoted.set(10, extendPcr('sha256', new Uint8Array(32), [sevens, sevens]))
    expect(compareLogs([first, list, second], 'sha256', quoted).matching).toEqual([0, 7, 10, 11])
    expect(compareLogs([first, second], 'sha256', quoted).unlogged).toEqual([10])
    expect(compareLogs([first, list], 'sha256', quoted).differing.map(({ pcr }) => pcr)).toEqual([7])
  })

  test('only those PCRs are judged that have values, but every log must be one', () => {
    const list = plain([{ pcr: 10, digest: undefined }])
    expect(
      compareLogs([first, list], 'sha256', new Map([[7, values(firmware).get(7) as Uint8Array]])),
    ).toMatchObject({
      matching: [7],
      differing: [],
    })
    expect(compareLogs([first, list], 'sha256', new Map([[10, sevens]])).differing).toEqual([
      { pcr: 10, replayed: undefined, expected: sevens },
    ])
    for (const pcr of [24, -1, 0xffff_ffff]) {
      expect(() => replayLogs([first, plain([{ pcr, digest: sevens }])], 'sha256')).toThrow(/pcrIndex/)
    }
  })

  test('need digests of the bank in each', () => {
    const old = parseEventLog(eventLog({ format: 'sha1' }).separator(0).build().bytes)
    expect(() => replayLogs([first, old], 'sha256')).toThrow(/expected digests for sha256, found sha1/)
    expect(() => replayLogs([first, old], 'sha1')).toThrow(/expected digests for sha1, found sha256/)
  })

  test('may not contradict each other about the locality of startup', () => {
    const other = parseEventLog(eventLog().specId().startupLocality(4).build().bytes)
    expect(() => replayLogs([first, other], 'sha256')).toThrow(/startupLocality: expected 3, .* found 4/)
    const same = parseEventLog(eventLog().specId().startupLocality(3).build().bytes)
    expect(replayLogs([first, same], 'sha256').values).toEqual(replayLogs([first], 'sha256').values)
    expect(replayLogs([second, first], 'sha256').values.get(0)).toEqual(values(firmware).get(0))
  })

  test('must be at least one', () => {
    expect(() => replayLogs([], 'sha256')).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })
})

describe('comparison', () => {
  const { bytes, pcrs } = eventLog().specId().separator(0).separator(7).separator(8).build()
  const log = parseEventLog(bytes)
  const value = (pcr: number) => pcrs.get('sha256')?.get(pcr) ?? new Uint8Array(0)
  const other = new Uint8Array(32).fill(0x77)

  test('T-11: only what the values have is judged', () => {
    expect(compareLog(log, 'sha256', new Map([[7, value(7)]]))).toEqual({
      matching: [7],
      differing: [],
      unlogged: [],
      untouched: [],
    })
    expect(compareLog(log, 'sha256', new Map()).matching).toEqual([])
  })

  test('each PCR is in one list', () => {
    const values = new Map([
      [0, value(0)],
      [1, value(1)],
      [4, other],
      [8, other],
      [10, other],
      [17, value(17)],
    ])
    expect(compareLog(log, 'sha256', values)).toEqual({
      matching: [0],
      differing: [
        { pcr: 4, replayed: new Uint8Array(32), expected: other },
        { pcr: 8, replayed: value(8), expected: other },
      ],
      unlogged: [10],
      untouched: [1, 17],
    })
  })

  test('a log without the events of a firmware PCR differs, it is not just silent', () => {
    const silent = parseEventLog(eventLog().specId().build().bytes)
    for (const pcr of [0, 1, 2, 3, 4, 5, 6, 7]) {
      expect(compareLog(silent, 'sha256', new Map([[pcr, other]])).differing.length).toBe(1)
    }
  })

  test('a value of another length never matches', () => {
    for (const wrong of [
      new Uint8Array(0),
      value(7).subarray(0, 31),
      concatBytes(value(7), Uint8Array.of(0)),
      new Uint8Array(33),
      new Uint8Array(20),
    ]) {
      const { differing } = compareLog(
        log,
        'sha256',
        new Map([
          [7, wrong],
          [11, wrong],
        ]),
      )
      expect(differing.map(({ pcr }) => pcr)).toEqual([7, 11])
    }
  })
})
