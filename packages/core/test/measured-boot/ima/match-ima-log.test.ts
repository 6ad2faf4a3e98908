import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/bytes/index.js'
import {
  continueImaLog,
  type ImaReplayState,
  initialImaState,
  matchImaLog,
  parseImaLog,
  readImaReplayState,
} from '../../../src/measured-boot/index.js'
import { type ImaListBuilder, type ImaListOptions, imaList } from '../../../src/testing/index.js'

const empty = new Uint8Array(0)

function list(files: readonly string[], options?: ImaListOptions): ImaListBuilder {
  const builder = imaList(options).bootAggregate()
  for (const file of files) builder.file(file, { violation: file.startsWith('!') })
  return builder
}

describe('prefixes', () => {
  test('each value that the PCR had is matched exactly where it was', () => {
    const { binary, steps } = list(['/a', '!b', '/c', '/d']).build()
    const log = parseImaLog(binary)
    for (const [count, value] of steps.entries()) {
      const match = matchImaLog(log, 'sha256', value)
      if (count === 0) expect(match).toMatchObject({ matched: false, cause: 'unextended' })
      else expect(match).toMatchObject({ matched: true, count, rule: 'recomputed' })
    }
  })

  test('a list that ends before the quote does not match', () => {
    const { binary, steps, offsets } = list(['/a', '/b']).build()
    const shorter = parseImaLog(binary.slice(0, offsets[2]))
    const match = matchImaLog(shorter, 'sha256', steps[3] ?? empty)
    expect(match).toMatchObject({ matched: false, cause: 'no-prefix' })
    expect(!match.matched && match.reason).toMatch(
      /2 entries gives PCR 10 of sha256: .* ends before the quote/,
    )
  })

  test('a value of another size, or an empty list, matches nothing', () => {
    const { binary, steps } = list([]).build()
    const log = parseImaLog(binary)
    expect(matchImaLog(log, 'sha256', empty)).toMatchObject({ matched: false, cause: 'no-prefix' })
    expect(matchImaLog(parseImaLog(empty), 'sha256', steps[1] ?? empty)).toMatchObject({ matched: false })
  })

  test('entries of other PCRs are left out', () => {
    const builder = imaList().bootAggregate().file('/in-11', { pcr: 11 }).file('/a').file('/b', { pcr: 11 })
    const { binary, pcrs } = builder.build()
    const log = parseImaLog(binary)
    const values = pcrs.get('sha256')
    expect(matchImaLog(log, 'sha256', values?.get(10) ?? empty)).toMatchObject({ matched: true, count: 3 })
    const other = matchImaLog(log, 'sha256', values?.get(11) ?? empty, { pcr: 11 })
    expect(other).toMatchObject({ matched: true, count: 4 })
    const first = matchImaLog(log, 'sha256', values?.get(12) ?? empty, { pcr: 12 })
    expect(first).toMatchObject({ matched: false, cause: 'unextended' })
  })

  test('a PCR of the dynamic root of trust starts with ones', () => {
    const { binary, pcrs } = imaList().file('/a', { pcr: 17 }).build()
    const match = matchImaLog(parseImaLog(binary), 'sha256', pcrs.get('sha256')?.get(17) ?? empty, {
      pcr: 17,
    })
    expect(match).toMatchObject({ matched: true, count: 1 })
  })

  test.each(['sha3_256', 'sha3_512'] as const)('kernels have no digests of their own for %s', (bank) => {
    expect(() => matchImaLog(parseImaLog(empty), bank, empty)).toThrow(
      expect.objectContaining({
        code: 'ARGUMENT_INVALID',
        context: expect.objectContaining({ name: 'bank' }),
      }),
    )
  })

  test('any change of an entry that is proved is noticed', () => {
    const { binary, steps, offsets } = list(['/usr/bin/a', '!/usr/bin/b', '/usr/bin/c']).build()
    const value = steps[3] ?? empty
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const bytes = Uint8Array.from(binary)
        const at = place % (offsets[3] as number)
        bytes[at] = (bytes[at] as number) ^ flip
        let log: ReturnType<typeof parseImaLog>
        try {
          log = parseImaLog(bytes)
        } catch {
          return
        }
        const match = matchImaLog(log, 'sha256', value)
        if (!match.matched) return
        // What the PCR does not cover: template names, listed hashes, and all that a violation says.
        const before = parseImaLog(binary).events
        for (const [i, entry] of log.events.slice(0, match.count).entries()) {
          if (!entry.violation) expect(entry.templateData).toEqual(before[i]?.templateData)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('rules', () => {
  test.each(['zero-padded', 'zero-padded-violations'] as const)(
    '%s is told, and accepted on request',
    (rule) => {
      const { binary, steps } = list(['/a', '!b', '/c'], { rule }).build()
      const log = parseImaLog(binary)
      const value = steps.at(-1) ?? empty
      expect(matchImaLog(log, 'sha256', value)).toMatchObject({ matched: false, cause: 'zero-padded' })
      const match = matchImaLog(log, 'sha256', value, { acceptZeroPadded: true })
      expect(match).toMatchObject({ matched: true, count: 4, rule })
    },
  )

  test.each(['zero-padded', 'zero-padded-violations'] as const)(
    'in the bank of SHA-1, %s is the same',
    (rule) => {
      const { binary, steps } = list(['/a', '!b'], { rule, banks: ['sha1'] }).build()
      const match = matchImaLog(parseImaLog(binary), 'sha1', steps.at(-1) ?? empty)
      expect(match).toMatchObject({ matched: true, rule: 'recomputed' })
    },
  )

  test('a listed hash that is not that of the data does not match, and is told', () => {
    const honest = list(['/a']).build()
    const { binary, steps } = imaList({ banks: ['sha1'] })
      .bootAggregate()
      .file('/b')
      .build()
    // The list shows the hash that was extended, and another file.
    const { template, fields } = { template: 'ima-ng', fields: [new Uint8Array(40), '/lie\0'] }
    const listedHash = parseImaLog(binary).events[1]?.listedHash ?? empty
    const lie = imaList().bootAggregate().entry({ template, fields, listedHash }).build()
    const value = steps[2] ?? empty
    expect(matchImaLog(parseImaLog(lie.binary), 'sha1', value)).toMatchObject({
      matched: false,
      cause: 'template-hash',
      reason: expect.stringMatching(/of the data of entry 1$/) as string,
    })
    expect(matchImaLog(parseImaLog(honest.binary), 'sha1', value)).toMatchObject({ cause: 'no-prefix' })
  })
})

describe('continuing', () => {
  const files = ['/a', '!b', '/c', '/d', '/e']
  const built = list(files, { banks: ['sha256', 'sha1', 'sha384'] }).build()

  function stateAt(count: number, bytes = built.binary): ImaReplayState {
    const state = initialImaState(['sha256', 'sha384'])
    const match = matchImaLog(parseImaLog(bytes), 'sha256', built.steps[count] ?? empty, { state })
    if (!match.matched) throw new Error(match.reason)
    return match.state
  }

  test.each(['binary', 'ascii'] as const)('from every entry to every later one, %s', (form) => {
    for (let from = 1; from < built.steps.length; from++) {
      const state = stateAt(from, built[form])
      expect(readImaReplayState(JSON.parse(JSON.stringify(state)))).toEqual(state)
      const log = continueImaLog(built[form], state)
      expect(log.first).toBe(from)
      expect(log.events.map(({ index }) => index)).toEqual(files.map((_, i) => i + 1).slice(from - 1))
      for (let to = from; to < built.steps.length; to++) {
        const match = matchImaLog(log, 'sha256', built.steps[to] ?? empty, { state })
        expect(match).toMatchObject({ matched: true, count: to, state: stateAt(to, built[form]) })
      }
      for (let to = 0; to < from; to++) {
        const match = matchImaLog(log, 'sha256', built.steps[to] ?? empty, { state })
        expect(match).toMatchObject({ matched: false })
      }
    }
  })

  test('every bank of the state is followed', () => {
    const state = stateAt(2)
    const log = continueImaLog(built.binary, state)
    const match = matchImaLog(log, 'sha384', built.pcrs.get('sha384')?.get(10) ?? empty, { state })
    expect(match).toMatchObject({ matched: true, count: 6, state: stateAt(6) })
  })

  test.each(['binary', 'ascii'] as const)('with only the new entries, %s', (form) => {
    const state = stateAt(3, built[form])
    const news = built[form].slice(state.offset)
    const log = continueImaLog(news, state, { onlyNew: true })
    expect(log).toMatchObject({ first: 3, end: 6, base: state.offset })
    const match = matchImaLog(log, 'sha256', built.steps[6] ?? empty, { state })
    expect(match).toMatchObject({ matched: true, count: 6, state: stateAt(6, built[form]) })
  })

  test('a list without new entries, and one that lost its last line break, go on too', () => {
    const state = stateAt(6, built.ascii)
    for (const bytes of [built.ascii, built.ascii.slice(0, -1)]) {
      const log = continueImaLog(bytes, state)
      expect(log.events).toEqual([])
      expect(matchImaLog(log, 'sha256', built.steps[6] ?? empty, { state })).toMatchObject({
        matched: true,
        state,
      })
    }
  })

  test('only new entries are looked at', () => {
    const state = stateAt(4)
    const spoiled = Uint8Array.from(built.binary)
    const last = state.last?.offset ?? 0
    spoiled.fill(0xee, 0, last)
    const match = matchImaLog(continueImaLog(spoiled, state), 'sha256', built.steps[6] ?? empty, { state })
    expect(match).toMatchObject({ matched: true, count: 6 })
  })

  test.each([
    [
      'is of another boot',
      () => imaList().bootAggregate(new Uint8Array(32).fill(1)).file('/z').file('/y').file('/x'),
    ],
    ['is shorter', () => imaList().bootAggregate()],
    ['is empty', () => imaList()],
  ])('a list that %s does not continue', (_, other) => {
    const bytes = other().build().binary
    expect(() => continueImaLog(bytes, stateAt(4))).toThrow(
      expect.objectContaining({ code: 'EVENT_LOG_INVALID', context: expect.objectContaining({ event: 3 }) }),
    )
  })

  test('entries that do not follow the state do not match', () => {
    const state = stateAt(3)
    const skipped = built.binary.slice(built.offsets[4])
    const log = continueImaLog(skipped, state, { onlyNew: true })
    expect(matchImaLog(log, 'sha256', built.steps[6] ?? empty, { state })).toMatchObject({ matched: false })
    const again = continueImaLog(built.binary.slice(built.offsets[2]), state, { onlyNew: true })
    expect(matchImaLog(again, 'sha256', built.steps[6] ?? empty, { state })).toMatchObject({ matched: false })
  })

  test('log and state belong together', () => {
    const state = stateAt(3)
    const value = built.steps[6] ?? empty
    const whole = parseImaLog(built.binary)
    const rest = continueImaLog(built.binary, state)
    const argument = (name: string): unknown =>
      expect.objectContaining({ code: 'ARGUMENT_INVALID', context: expect.objectContaining({ name }) })
    expect(() => matchImaLog(whole, 'sha256', value, { state })).toThrow(argument('log'))
    expect(() => matchImaLog(rest, 'sha256', value)).toThrow(argument('log'))
    expect(() => matchImaLog(rest, 'sha512', value, { state })).toThrow(argument('state'))
    expect(() => matchImaLog(rest, 'sha256', value, { state, pcr: 11 })).toThrow(argument('pcr'))
    expect(matchImaLog(rest, 'sha256', value, { state, pcr: 10 })).toMatchObject({ matched: true })
  })

  test('a kernel that pads with zeros is told from its later entries too', () => {
    const padded = list(files, { rule: 'zero-padded-violations' }).build()
    const options = { acceptZeroPadded: true }
    const early = matchImaLog(parseImaLog(padded.binary), 'sha256', padded.steps[2] ?? empty, options)
    if (!early.matched) throw new Error(early.reason)
    const { state } = early
    expect(state.banks.sha256).toMatchObject({ rule: 'zero-padded' })
    const log = continueImaLog(padded.binary, state)
    const value = padded.steps[6] ?? empty
    expect(matchImaLog(log, 'sha256', value, { state })).toMatchObject({
      matched: false,
      cause: 'zero-padded',
    })
    const late = matchImaLog(log, 'sha256', value, { ...options, state })
    expect(late).toMatchObject({ matched: true, rule: 'zero-padded-violations' })
  })

  test('a binary list whose next entry starts as a line break would', () => {
    const state = stateAt(1)
    expect(built.binary[state.offset]).toBe(0x0a)
    expect(continueImaLog(concatBytes(built.binary), state).entry(1)?.path).toBe('/a')
  })
})

describe('states', () => {
  const state = initialImaState(['sha256'])
  const later = { ...state, count: 1, offset: 9, last: { offset: 0, length: 9, sha256: 'ab'.repeat(32) } }

  test('before the first entry', () => {
    expect(state).toEqual({
      version: 1,
      pcr: 10,
      count: 0,
      offset: 0,
      banks: { sha256: { value: '00'.repeat(32), rule: 'recomputed' } },
    })
    expect(initialImaState(['sha1'], 17).banks.sha1?.value).toBe('ff'.repeat(20))
    expect(readImaReplayState(state)).toEqual(state)
    expect(readImaReplayState(later)).toEqual(later)
    for (const pcr of [24, -1, 1.5]) expect(() => initialImaState(['sha1'], pcr)).toThrow(/pcr/)
    expect(() => initialImaState(['sha3_256'])).toThrow(/sha3_256/)
  })

  test.each([
    [null, '$'],
    [[], '$'],
    ['{}', '$'],
    [{ ...state, version: 2 }, 'version'],
    [{ ...state, pcr: 24 }, 'pcr'],
    [{ ...state, pcr: '10' }, 'pcr'],
    [{ ...state, count: -1 }, 'count'],
    [{ ...state, count: 0.5 }, 'count'],
    [{ ...state, count: 1 }, 'last'],
    [{ ...later, count: 0 }, 'last'],
    [{ ...state, offset: 2 ** 53 }, 'offset'],
    [{ ...later, offset: 8 }, 'last.length'],
    [{ ...later, last: { ...later.last, sha256: 'AB'.repeat(32) } }, 'last.sha256'],
    [{ ...later, last: { ...later.last, sha256: 'ab' } }, 'last.sha256'],
    [{ ...state, banks: [] }, 'banks'],
    [{ ...state, banks: { sha3_256: {} } }, 'banks'],
    [{ ...state, banks: { sha256: { value: '00', rule: 'recomputed' } } }, 'banks.sha256.value'],
    [{ ...state, banks: { sha256: { value: '0'.repeat(63), rule: 'recomputed' } } }, 'banks.sha256.value'],
    [{ ...state, banks: { sha256: { value: '00'.repeat(32), rule: 'other' } } }, 'banks.sha256.rule'],
  ])('%j is refused', (value, path) => {
    expect(() => readImaReplayState(value)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', context: expect.objectContaining({ path }) }),
    )
  })
})
