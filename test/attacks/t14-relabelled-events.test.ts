/**
 * The type of an event is not measured: whoever presents a log can change it at will, and every PCR still replays. Here
 * each event of recorded boots is given each other type, and everything that is then stated of the boot is compared with
 * what the honest log states.
 */
import { isDeepStrictEqual } from 'node:util'
import { isTrustholdError } from '@trusthold/core/errors'
import {
  bootFacts,
  compareLog,
  eventTypes,
  type Fact,
  findLogFindings,
  parseEventLog,
  type TcgEvent,
  type TcgEventLog,
} from '@trusthold/core/measured-boot'
import { BaseImageIndex, captureBaseImage } from '@trusthold/core/policy'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BootName, loadBoot } from '../recordings/load.js'

const bank = 'sha256'
/** All that have names, one of ESXi's, and two that nobody uses. */
const types: readonly number[] = [...Object.values(eventTypes), 0x6000_0001, 0x0000_8401, 0xffff_ffff]
const { EV_EFI_ACTION, EV_IPL, EV_POST_CODE, EV_SEPARATOR } = eventTypes

/** Everything that is verified, by where it is stated. */
type Statements = ReadonlyMap<string, unknown>

interface Boot {
  readonly name: BootName
  readonly bytes: Uint8Array
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** Those that are relabelled: all but the header. */
  readonly events: readonly TcgEvent[]
  readonly honest: Statements
}

function prepare(name: BootName, relabelled: (event: TcgEvent) => boolean = () => true): Boot {
  const { eventLog: bytes, pcrs } = loadBoot(name)
  const { events } = parseEventLog(bytes)
  const honest = stateFacts(bytes, pcrs[bank])
  if (honest === undefined) throw new Error(`${name} does not replay`)
  return { name, bytes, pcrs: pcrs[bank], events: events.slice(1).filter(relabelled), honest }
}

/** Reads facts from a log, of which those PCRs are proved. */
type Reader = (log: TcgEventLog, proved: readonly number[]) => unknown

const readFacts: Reader = (log, proved) => bootFacts(log, bank, proved)

/** What a log proves beside the recorded PCRs; undefined when it is refused. */
function stateFacts(
  bytes: Uint8Array,
  pcrs: ReadonlyMap<number, Uint8Array>,
  read = readFacts,
): Statements | undefined {
  try {
    const log = parseEventLog(bytes)
    const { matching, untouched } = compareLog(log, bank, pcrs)
    const found = new Map<string, unknown>()
    collect(read(log, [...matching, ...untouched]), '', found)
    return found
  } catch (error) {
    if (isTrustholdError(error)) return undefined
    throw error
  }
}

/** Walks through all that is stated and keeps what is verified. */
function collect(value: unknown, path: string, found: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (isFact(value)) {
    if (value.verified) found.set(path, value.value)
    return
  }
  for (const [key, member] of Object.entries(value)) collect(member, `${path}.${key}`, found)
}

const isFact = (value: object): value is Fact<unknown> =>
  'verified' in value && typeof value.verified === 'boolean' && ('value' in value || 'hint' in value)

function relabel(bytes: Uint8Array, changes: Iterable<readonly [number, number]>): Uint8Array {
  const relabelled = Uint8Array.from(bytes)
  const view = new DataView(relabelled.buffer)
  for (const [offset, type] of changes) view.setUint32(offset + 4, type, true)
  return relabelled
}

/** What is verified of a log and was not verified, or otherwise, of the honest one. */
function findMoreTrust(honest: Statements, stated: Statements | undefined): readonly string[] {
  return [...(stated ?? [])]
    .filter(([path, value]) => !honest.has(path) || !isDeepStrictEqual(value, honest.get(path)))
    .map(([path]) => path)
}

const ofPolicy = ({ pcr }: TcgEvent) => pcr === 7
const boots = [prepare('boot-secure'), prepare('boot-uki'), prepare('boot-insecure', ofPolicy)]

describe('T-14 relabelling an event makes nothing more trusted', () => {
  test('the honest logs prove something that could be lost', () => {
    for (const { honest } of boots) {
      expect(honest.size).toBeGreaterThan(5)
      expect(honest.has('.secureBoot.enabled')).toBe(true)
    }
  })

  test.each(types.map((type) => [`0x${type.toString(16)}`, type] as const))('to type %s', (_, type) => {
    for (const { name, bytes, pcrs, events, honest } of boots) {
      const gained = events.flatMap((event) => {
        if (event.type === type) return []
        const stated = stateFacts(relabel(bytes, [[event.offset, type]]), pcrs)
        return findMoreTrust(honest, stated).map((path) => `${name}, event ${event.index}: ${path}`)
      })
      expect(gained).toEqual([])
    }
  })

  test('nor does relabelling many at once', () => {
    for (const { bytes, pcrs, events, honest } of boots) {
      const change = fc.tuple(
        fc.constantFrom(...events.map(({ offset }) => offset)),
        fc.constantFrom(...types),
      )
      fc.assert(
        fc.property(fc.array(change, { minLength: 2, maxLength: 12 }), (changes) => {
          expect(findMoreTrust(honest, stateFacts(relabel(bytes, changes), pcrs))).toEqual([])
        }),
        { numRuns: 100 },
      )
    }
  })

  test('nor does giving two events each the type of the other', () => {
    const { bytes, pcrs, events, honest } = prepare('boot-secure', ofPolicy)
    for (const [i, one] of events.entries()) {
      for (const other of events.slice(i + 1)) {
        const swapped = relabel(bytes, [
          [one.offset, other.type],
          [other.offset, one.type],
        ])
        expect(findMoreTrust(honest, stateFacts(swapped, pcrs))).toEqual([])
      }
    }
  })

  test('a reader of facts that goes by types would be caught', () => {
    const naive: Reader = ({ events }, proved) => {
      const event = events.find(({ type, pcr }) => type === EV_EFI_ACTION && proved.includes(pcr))
      return { firstAction: event === undefined ? undefined : { verified: true, value: event.describe() } }
    }
    const { eventLog: bytes, pcrs } = loadBoot('boot-secure')
    const honest = stateFacts(bytes, pcrs[bank], naive)
    const [, first] = parseEventLog(bytes).events
    const stated = stateFacts(relabel(bytes, [[first?.offset ?? 0, EV_EFI_ACTION]]), pcrs[bank], naive)
    expect(findMoreTrust(honest ?? new Map(), stated)).toEqual(['.firstAction'])
  })

  test('what was measured decides over a base image, whatever it is called', () => {
    const { bytes, pcrs, events } = prepare('boot-secure')
    const quoted = new Map([...pcrs].filter(([pcr]) => pcr < 10))
    const index = new BaseImageIndex()
    index.add(captureBaseImage({ name: 'honest', log: parseEventLog(bytes), bank, pcrs: quoted }))
    const other = new Map(quoted).set(4, new Uint8Array(32).fill(7))
    for (const { offset, type } of events) {
      const log = parseEventLog(relabel(bytes, [[offset, type === EV_IPL ? EV_POST_CODE : EV_IPL]]))
      expect(index.match({ bank, values: quoted }, log).matched).toBe(true)
      expect(index.match({ bank, values: other }, log).matched).toBe(false)
    }
  })
})

describe('T-14 unknown types are reported', () => {
  const { bytes, events } = prepare('boot-secure')

  test('of every event in a PCR that a policy may rest on', () => {
    for (const { index, offset, pcr, extends: measured } of events) {
      if (!measured) continue
      const log = parseEventLog(relabel(bytes, [[offset, 0x8401]]))
      const unknown = findLogFindings(log).filter(({ code }) => code === 'unknown-type')
      expect(unknown).toMatchObject([{ event: index }])
      const { unknownEvents } = bootFacts(log, bank, [])
      expect(unknownEvents).toEqual(pcr <= 7 ? [{ event: index, pcr, type: 0x8401 }] : [])
    }
  })

  test('and a separator under another type, and another event under a separator', () => {
    for (const { index, offset, pcr, type } of events.filter((event) => event.pcr <= 7)) {
      const other = type === EV_SEPARATOR ? EV_POST_CODE : EV_SEPARATOR
      const found = findLogFindings(parseEventLog(relabel(bytes, [[offset, other]])))
      expect(found).toContainEqual(expect.objectContaining({ code: 'mislabelled-separator', event: index }))
      expect(found.some(({ code }) => code === 'missing-separator')).toBe(type === EV_SEPARATOR)
      expect(pcr).toBeLessThanOrEqual(7)
    }
  })
})
