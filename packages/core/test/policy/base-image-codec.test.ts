import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/bytes/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import { decodeBaseImage, encodeBaseImage, readBaseImage } from '../../src/policy/index.js'
import { recordedImage } from './golden-host.js'

const image = recordedImage('boot-secure', [0, 7])
const bytes = encodeBaseImage(image)
const source = new TextDecoder().decode(bytes)
const plain = () => JSON.parse(source)

/** What a SHA-256 PCR is after these extensions. */
const replayOf = (digests: readonly string[], locality = 0): string =>
  digests.reduce(
    (value, digest) =>
      createHash('sha256')
        .update(Buffer.from(value + digest, 'hex'))
        .digest('hex'),
    locality.toString(16).padStart(64, '0'),
  )

const pathOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (isTrustholdError(error, 'BASE_IMAGE_INVALID')) return error.context.path
    throw error
  }
  return 'accepted'
}

type Draft = ReturnType<typeof plain>

describe('members', () => {
  test.each<[string, string, (draft: Draft) => unknown]>([
    ['another version', 'version', (d) => (d.version = 2)],
    ['a missing member', '$', (d) => delete d.bank],
    ['an unknown member', '$', (d) => (d.comment = 'x')],
    ['a bank that is none', 'bank', (d) => (d.bank = 'md5')],
    ['a bank of an object property', 'bank', (d) => (d.bank = 'constructor')],
    ['no list of PCRs', 'pcrs', (d) => (d.pcrs = {})],
    ['T-27: an empty list of PCRs', 'pcrs', (d) => (d.pcrs = [])],
    ['PCRs that descend', 'pcrs[1].pcr', (d) => d.pcrs.reverse()],
    ['a PCR twice', 'pcrs[1].pcr', (d) => (d.pcrs[1] = d.pcrs[0])],
    ['PCR 16', 'pcrs[1].pcr', (d) => (d.pcrs[1].pcr = 16)],
    ['PCR 23', 'pcrs[1].pcr', (d) => (d.pcrs[1].pcr = 23)],
    ['a PCR as text', 'pcrs[0].pcr', (d) => (d.pcrs[0].pcr = '0')],
    ['a value in capitals', 'pcrs[0].value', (d) => (d.pcrs[0].value = d.pcrs[0].value.toUpperCase())],
    ['a shorter value', 'pcrs[0].value', (d) => (d.pcrs[0].value = d.pcrs[0].value.slice(2))],
    ['a value of zeros', 'pcrs[0].value', (d) => (d.pcrs[0].value = '00'.repeat(32))],
    ['a value of ones', 'pcrs[0].value', (d) => (d.pcrs[0].value = 'ff'.repeat(32))],
    ['another value', 'pcrs[0].events', (d) => (d.pcrs[0].value = '5a'.repeat(32))],
    ['a value of another PCR', 'pcrs[0].events', (d) => (d.pcrs[0].value = d.pcrs[1].value)],
    ['an event less', 'pcrs[0].events', (d) => d.pcrs[0].events.pop()],
    ['an event more', 'pcrs[0].events', (d) => d.pcrs[0].events.push(d.pcrs[0].events[0])],
    ['events in another order', 'pcrs[1].events', (d) => d.pcrs[1].events.reverse()],
    ['no events', 'pcrs[1].events', (d) => (d.pcrs[1].events = [])],
    ['another digest', 'pcrs[1].events', (d) => (d.pcrs[1].events[0].digest = '5a'.repeat(32))],
    [
      'a digest in capitals',
      'pcrs[1].events[0].digest',
      (d) => (d.pcrs[1].events[0].digest = 'AB'.repeat(32)),
    ],
    [
      'a line break in a description',
      'pcrs[1].events[0].description',
      (d) => (d.pcrs[1].events[0].description = 'a\nb'),
    ],
    ['an unknown member of an event', 'pcrs[1].events[0]', (d) => (d.pcrs[1].events[0].pcr = 1)],
    ['a locality where there is none', 'pcrs[0].events', (d) => (d.pcrs[0].startupLocality = 3)],
    ['a locality in another PCR', 'pcrs[1].startupLocality', (d) => (d.pcrs[1].startupLocality = 3)],
    ['a locality that there is not', 'pcrs[0].startupLocality', (d) => (d.pcrs[0].startupLocality = 1)],
    ['a long description', 'description', (d) => (d.description = 'x'.repeat(1025))],
    ['a name that is no text', 'name', (d) => (d.name = 5)],
  ])('refuses %s', (_, path, change) => {
    const draft = plain()
    change(draft)
    expect(pathOf(() => readBaseImage(draft))).toBe(path)
    expect(pathOf(() => decodeBaseImage(utf8(JSON.stringify(draft))))).toBe(path)
    expect(pathOf(() => encodeBaseImage(draft))).toBe(path)
  })

  test.each<[string, string, (draft: Draft) => unknown]>([
    ['what is no object', 'an object', (d) => (d.pcrs[0] = 5)],
    ['a list as an object', 'an object', (d) => (d.pcrs[0] = [])],
    ['a PCR that is no number', 'a number', (d) => (d.pcrs[0].pcr = '0')],
    ['more PCRs than there are', '1 to 24 members', (d) => (d.pcrs = Array(25).fill(d.pcrs[0]))],
    ['a bank that is no text', 'a text', (d) => (d.bank = 5)],
  ])('says of %s what it should be', (_, expected, change) => {
    const draft = plain()
    change(draft)
    expect(() => readBaseImage(draft)).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ expected }) }),
    )
  })

  test.each([3, 4])('takes startup locality %i, when the events start with it', (startupLocality) => {
    const draft = plain()
    const digests = draft.pcrs[0].events.map(({ digest }: { digest: string }) => digest)
    Object.assign(draft.pcrs[0], { startupLocality, value: replayOf(digests, startupLocality) })
    expect(readBaseImage(draft).pcrs[0]).toMatchObject({ startupLocality })
    draft.pcrs[0].startupLocality = 7 - startupLocality
    expect(pathOf(() => readBaseImage(draft))).toBe('pcrs[0].events')
  })

  test('what was read cannot be changed', () => {
    const read = decodeBaseImage(bytes)
    expect(() => Object.assign(read.pcrs[0] ?? {}, { value: '' })).toThrow(TypeError)
    expect(() => (read.pcrs as unknown[]).pop()).toThrow(TypeError)
  })
})

describe('spelling', () => {
  test.each<[string, Uint8Array]>([
    ['white space', utf8(`${source}\n`)],
    ['indentation', utf8(JSON.stringify(plain(), undefined, 1))],
    ['a member twice', utf8(source.replace('"bank"', '"name":"other","bank"'))],
    ['escapes', utf8(source.replace('"version"', '"\\u0076ersion"'))],
    ['a byte order mark', utf8(`\ufeff${source}`)],
    ['no UTF-8', Uint8Array.from([...bytes.subarray(0, -1), 0xff])],
    ['another number format', utf8(source.replace('"version":1', '"version":1.0'))],
    ['nothing', new Uint8Array(0)],
    ['another type', utf8('null')],
    ['a list', utf8('[]')],
  ])('refuses %s', (_, changed) => {
    expect(pathOf(() => decodeBaseImage(changed))).toBe('$')
  })

  test('T-30: refuses a document above its limit', () => {
    const spaces = new Uint8Array(1024 * 1024 + 1).fill(0x20)
    expect(pathOf(() => decodeBaseImage(spaces))).toBe('$')
    expect(() => decodeBaseImage(spaces)).toThrow('at most 1048576')
    expect(() => decodeBaseImage(spaces.subarray(1))).not.toThrow('at most 1048576')
  })

  test('T-30: writes no document above its limit', () => {
    const long = 'x'.repeat(1024)
    const { events, ...pcr } = plain().pcrs[0]
    const many = Array(1024).fill({ ...events[0], description: long })
    const value = replayOf(many.map(({ digest }) => digest))
    const draft = { ...plain(), pcrs: [{ ...pcr, value, events: many }] }
    expect(readBaseImage(draft).pcrs[0]?.events).toHaveLength(1024)
    expect(() => encodeBaseImage(draft)).toThrow('1048576')
  })

  test('every truncation is refused', () => {
    for (let length = 0; length < bytes.length; length += 7) {
      expect(pathOf(() => decodeBaseImage(bytes.subarray(0, length)))).toBe('$')
    }
  })

  test('T-31: a changed byte gives another image or a typed error, never another kind', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = value
        const outcome = pathOf(() => {
          // What is accepted has one spelling, and the same values: only texts for people can differ.
          const read = decodeBaseImage(changed)
          expect(encodeBaseImage(read)).toEqual(changed)
          expect(read.pcrs.map((pcr) => pcr.value)).toEqual(image.pcrs.map((pcr) => pcr.value))
        })
        expect(outcome).not.toBe('')
      }),
      { numRuns: 300 },
    )
  })
})
