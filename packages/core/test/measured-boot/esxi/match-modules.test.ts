import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/bytes/index.js'
import {
  esxiBoot,
  type ModuleMatches,
  matchModules,
  type PayloadTable,
  payloadIndex,
  payloadTable,
  readImageDatabase,
} from '../../../src/measured-boot/index.js'
import { type BuiltEvent, esxiBootEvents, esxiEvent } from '../../../src/testing/index.js'
import { digestOf, type HashAlgorithm } from '../../../src/tpm2/index.js'
import {
  bootOf,
  databaseFiles,
  filesOf,
  goodPlan,
  measure,
  packed,
  type TestImage,
  testImage,
  tgzOf,
} from './fixtures.js'

const older = testImage('22380479', 'the same driver')
const newer = testImage('24022510', 'the same driver')
const tableOf = async (image: TestImage): Promise<PayloadTable> =>
  payloadTable(await readImageDatabase(await tgzOf(databaseFiles(image))))
const tables = await Promise.all([older, newer].map(tableOf))
const index = payloadIndex(tables)
const eventsOf = (image: TestImage): BuiltEvent[] => esxiBootEvents(goodPlan(image))
const statuses = ({ modules }: ModuleMatches): string[] =>
  modules.map(({ module, status }) => `${module.name} ${status}`)
const statusOf = (matches: ModuleMatches, event: number) =>
  matches.modules.find((one) => one.module.event === event)

describe('a table', () => {
  test('finds a payload by the digest of its contents', async () => {
    const table = await tableOf(newer)
    const contents = utf8('k of 24022510')
    for (const bank of ['sha256', 'sha1'] as const) {
      expect(table.find(bank, digestOf(bank, contents))).toEqual([
        {
          image: { name: newer.name, version: '8.0.3-0.0.24022510' },
          vib: {
            name: 'esx-base',
            version: '8.0.3-0.0.24022510',
            vendor: 'Acme',
            acceptanceLevel: 'partner',
          },
          payload: 'k',
          file: 'k.b00',
        },
      ])
    }
    expect(table.find('sha384', digestOf('sha384', contents))).toEqual([])
    expect(table.find('sha256', digestOf('sha256', packed(newer.vibs[0]?.payloads[1] as never)))).toEqual([])
    expect(table.find('sha1', digestOf('sha256', contents))).toEqual([])
  })

  test('has the image database itself', async () => {
    const database = await readImageDatabase(await tgzOf(databaseFiles(newer)))
    const digest = database.digests.get('sha512') ?? new Uint8Array(0)
    expect(payloadTable(database).find('sha512', digest)).toMatchObject([
      { vib: undefined, file: 'imgdb.tgz' },
    ])
  })

  test('takes a profile by name, which must be given when there are several', async () => {
    const files = new Map([...databaseFiles(older), ...databaseFiles(newer)])
    for (const [name, content] of databaseFiles(older))
      files.set(name.replace('/vibs/', '/vibs/old-'), content)
    // The driver's package is the same in both.
    files.delete('var/db/esximg/vibs/old-ne1000-123456789.xml')
    const database = await readImageDatabase(await tgzOf(files))
    expect(() => payloadTable(database)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
    expect(() => payloadTable(database, 'other')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    const table = payloadTable(database, older.name)
    expect(table.image).toEqual({ name: older.name, version: '8.0.3-0.0.22380479' })
    expect(table.find('sha256', digestOf('sha256', utf8('k of 24022510')))).toEqual([])
  })
})

describe('payloads that are added', () => {
  const kernel = newer.vibs[0]?.payloads[1]
  if (kernel === undefined) throw new Error('no kernel')

  test('have digests for every bank then', async () => {
    const table = await tableOf(newer)
    expect(table.missing('sha256')).toEqual([])
    expect(table.missing('sha384').map(({ payload }) => payload)).toContain('k')
    expect(await table.addPayload(packed(kernel))).toMatchObject([{ payload: 'k' }])
    expect(table.missing('sha384').map(({ payload }) => payload)).not.toContain('k')
    for (const bank of ['sha1', 'sha256', 'sha384', 'sha512', 'sm3_256'] as const) {
      expect(table.find(bank, digestOf(bank, utf8(kernel.contents)))).toMatchObject([{ payload: 'k' }])
    }
  })

  test('may be compressed otherwise, or not at all', async () => {
    for (const bytes of [gzipSync(kernel.contents, { level: 1 }), utf8(kernel.contents)]) {
      const table = await tableOf(newer)
      expect(await table.addPayload(Uint8Array.from(bytes))).toMatchObject([{ payload: 'k' }])
      expect(table.find('sha384', digestOf('sha384', utf8(kernel.contents)))).toHaveLength(1)
    }
  })

  test('are refused when they are not the image’s, or damaged', async () => {
    const table = await tableOf(newer)
    const cut = packed(kernel).subarray(0, -4)
    for (const bytes of [
      utf8('evil'),
      gzipSync('evil'),
      packed(kernel).subarray(1),
      cut,
      new Uint8Array(0),
    ]) {
      await expect(table.addPayload(Uint8Array.from(bytes))).rejects.toMatchObject({
        code: 'BASE_IMAGE_INVALID',
      })
    }
    expect(table.find('sha384', digestOf('sha384', utf8('evil')))).toEqual([])
  })

  test('are not told by SHA-1 alone', async () => {
    const files = databaseFiles(newer)
    const path = 'var/db/esximg/vibs/esx-base-123456789.xml'
    const xml = String(files.get(path)).replaceAll(/<checksum checksum-type="sha-256".*<\/checksum>/g, '')
    const table = payloadTable(await readImageDatabase(await tgzOf(files.set(path, xml))))
    expect(table.find('sha1', digestOf('sha1', utf8(kernel.contents)))).toHaveLength(1)
    await expect(table.addPayload(packed(kernel))).rejects.toMatchObject({ code: 'BASE_IMAGE_INVALID' })
  })

  test('are refused when the descriptor contradicts itself', async () => {
    const files = databaseFiles(newer)
    const path = 'var/db/esximg/vibs/esx-base-123456789.xml'
    const digest = createHash('sha1').update(kernel.contents).digest('hex')
    const xml = String(files.get(path)).replace(digest, '0'.repeat(40))
    const table = payloadTable(await readImageDatabase(await tgzOf(files.set(path, xml))))
    await expect(table.addPayload(packed(kernel))).rejects.toMatchObject({
      code: 'BASE_IMAGE_INVALID',
      context: { path: 'payload k' },
    })
    expect(table.find('sha384', digestOf('sha384', utf8(kernel.contents)))).toEqual([])
  })
})

describe('a boot of an approved image', () => {
  const matches = matchModules(bootOf(eventsOf(newer)), index)

  test('is told by its core modules', () => {
    expect(matches.image).toEqual({ name: newer.name, version: '8.0.3-0.0.24022510' })
    expect(matches.problems).toEqual([])
    expect(statuses(matches)).toEqual([
      'b.b00 found',
      'jumpstrt.gz empty',
      'useropts.gz empty',
      'features.gz empty',
      'k.b00 found',
      's.v00 found',
      'sb.v00 found',
      'esxupdt.v00 found',
      'ne1000.v00 found',
      'imgdb.tgz no-reference',
      'state.tgz no-reference',
    ])
    for (const { module, reason } of matches.modules) expect(reason).toContain(`event ${module.event}:`)
  })

  test('says which package each module is of', () => {
    expect(matches.modules.find(({ module }) => module.name === 'ne1000.v00')?.references).toMatchObject([
      {
        image: { name: newer.name },
        vib: { name: 'ne1000', version: '0.9.0-1', vendor: 'Acme Net' },
        payload: 'ne1000',
      },
    ])
  })

  test('does not depend on names in the log', () => {
    const events = eventsOf(newer).map((event) => {
      if (typeof event.data === 'string' || event.data[0] !== 2) return event
      return esxiEvent(event.pcr, 2, 'renamed.v00\0', event.digestOf)
    })
    const renamed = matchModules(bootOf(events), index)
    expect(renamed.image?.name).toBe(newer.name)
    expect(renamed.modules.filter(({ status }) => status === 'found')).toHaveLength(6)
    expect(renamed.modules.filter(({ status }) => status === 'no-reference')).toEqual([])
  })

  test('of a host whose image database is the approved one has a reference for that too', async () => {
    const database = await readImageDatabase(await tgzOf(databaseFiles(newer)))
    const events = eventsOf(newer)
    const at = events.findIndex(
      ({ data }) => typeof data !== 'string' && Buffer.from(data).includes('imgdb.tgz'),
    )
    const [digest] = [database.digests.get('sha256')]
    events[at] = { ...(events[at] as BuiltEvent), digests: { sha256: digest ?? new Uint8Array(32) } }
    const found = matchModules(bootOf(events), payloadTable(database))
    expect(statuses(found)).toContain('imgdb.tgz found')
  })
})

describe('a boot of something else', () => {
  test('no image has, when no table has it', () => {
    const matches = matchModules(bootOf(eventsOf(testImage('1'))), index)
    expect(matches.image).toBeUndefined()
    expect(matches.problems).toHaveLength(4)
    expect(statuses(matches)).toContain('k.b00 unknown')
    expect(matchModules(bootOf(eventsOf(newer)), payloadIndex([])).image).toBeUndefined()
    expect(matchModules(bootOf([]), index)).toEqual({
      image: undefined,
      problems: ['no core module was measured'],
      modules: [],
    })
  })

  test('core modules of two images are of none', () => {
    const mixed = eventsOf(newer)
    const kernel = mixed.findIndex(({ digestOf: contents }) => contents === 'k of 24022510')
    mixed[kernel] = esxiEvent(12, 2, 'k.b00\0', 'k of 22380479')
    const matches = matchModules(bootOf(mixed), index)
    expect(matches.image).toBeUndefined()
    expect(matches.problems.join(' ')).toContain('is no core module of image')
    expect(statuses(matches)).toContain('k.b00 other-image')
    expect(matches.modules.some(({ status }) => status === 'found')).toBe(false)
  })

  test('a kernel that was loaded under another name is misplaced, and no image is whole', () => {
    const [kernel, ...others] = filesOf(newer)
    const plan = { ...goodPlan(), files: [{ contents: '', ...kernel, path: '/x.b00' }, ...others] }
    const matches = matchModules(bootOf(esxiBootEvents(plan)), index)
    expect(matches.image).toBeUndefined()
    expect(statuses(matches)).toContain('x.b00 misplaced')
  })

  test.each<[string, (events: BuiltEvent[]) => void, string]>([
    ['lacks a core module', (events) => events.splice(coreAt(events, 's of'), 1), 'measured 0 times'],
    [
      'has one twice',
      (events) => events.splice(1, 0, esxiEvent(12, 2, 'k2.b00\0', 'k of 24022510')),
      'measured 2 times',
    ],
    [
      'has a driver among them',
      (events) => events.splice(1, 0, esxiEvent(12, 2, 'k.b00\0', 'the same driver')),
      'no core module',
    ],
    [
      'has the updater among them',
      (events) => events.splice(1, 0, esxiEvent(12, 2, 'k.b00\0', 'esxupdt of 24022510')),
      'no core module',
    ],
    [
      'has one that is unknown',
      (events) => events.splice(1, 0, esxiEvent(12, 2, 'k.b00\0', 'evil')),
      'of no image',
    ],
    [
      'has an unknown one under another tag',
      (events) => events.splice(1, 0, esxiEvent(12, 6, 'tag', 'evil')),
      'of no image',
    ],
    [
      'has an unknown event',
      (events) => events.splice(1, 0, { pcr: 12, type: 13, data: 'evil' }),
      'of no image',
    ],
    [
      'has an event of the kernel that is not covered',
      (events) => events.splice(1, 0, { pcr: 12, type: 0x6000_0001, data: 'x', digestOf: 'evil' }),
      'of no image',
    ],
    [
      'goes on after Boot Complete',
      (events) => void events.push(esxiEvent(12, 2, 'k.b00\0', 'evil')),
      'of no image',
    ],
  ])('what %s is no image', (_, edit, problem) => {
    const events = eventsOf(newer)
    edit(events)
    const matches = matchModules(bootOf(events), index)
    expect(matches.image).toBeUndefined()
    expect(matches.problems.join('; ')).toContain(problem)
  })

  test('a driver of another image, one in the wrong PCR, and one of nobody are told apart', () => {
    const only = testImage('24022510', 'a driver of its own')
    const own = esxiBootEvents({ ...goodPlan(), files: filesOf(newer), completePcrs: [] })
    const events = [
      ...own,
      esxiEvent(13, 2, 'a.v00\0', 'b of 22380479'),
      esxiEvent(11, 2, 'esxupdt.v00\0', 'the same driver'),
      esxiEvent(13, 2, 'state.tgz\0', 'evil'),
      esxiEvent(13, 2, 'evil.v00\0', 'evil'),
      esxiEvent(13, 2, 'esxupdt.v00\0', 'esxupdt of 22380479'),
    ]
    const first = own.length + 1
    const matches = matchModules(bootOf(events), index)
    expect([0, 1, 2, 3, 4].map((i) => statusOf(matches, first + i)?.status)).toEqual([
      'misplaced',
      'misplaced',
      'no-reference',
      'unknown',
      'misplaced',
    ])
    expect(statusOf(matches, first + 3)?.reason).toContain("the log calls it 'evil.v00'")
    expect(only.name).toBe(newer.name)
  })

  test('an updater or driver of another approved image is of that', async () => {
    const other = testImage('22380479', 'an old driver')
    const both = payloadIndex([await tableOf(newer), await tableOf(other)])
    const events = eventsOf(newer).map((event) =>
      event.digestOf === 'the same driver' ? esxiEvent(13, 2, 'ne1000.v00\0', 'an old driver') : event,
    )
    const matches = matchModules(bootOf(events), both)
    expect(matches.image?.name).toBe(newer.name)
    expect(matches.modules.find(({ module }) => module.name === 'ne1000.v00')).toMatchObject({
      status: 'other-image',
      references: [{ image: { name: other.name } }],
    })
  })

  test('nothing is found in PCRs that are not proved', () => {
    const { log } = measure(eventsOf(newer))
    const matches = matchModules(esxiBoot(log, 'sha256', [11, 13, 14]), index)
    expect(matches.image).toBeUndefined()
    expect(matches.modules.filter(({ module }) => module.pcr === 12).map(({ status }) => status)).toEqual(
      Array(4).fill('unproved'),
    )
  })

  function coreAt(events: readonly BuiltEvent[], contents: string): number {
    return events.findIndex(({ digestOf: measured }) => String(measured).startsWith(contents))
  }
})

describe('images that share their core', () => {
  const drivers = ['one driver', 'another driver']
  const images = drivers.map((driver) => ({ ...testImage('24022510', driver), name: `ESXi with ${driver}` }))

  test('are told apart by their other modules', async () => {
    for (const order of [images, images.toReversed()]) {
      const both = payloadIndex(await Promise.all(order.map(tableOf)))
      for (const image of images)
        expect(matchModules(bootOf(eventsOf(image)), both).image?.name).toBe(image.name)
    }
  })
})

describe('another bank', () => {
  const banks: readonly HashAlgorithm[] = ['sha256', 'sha384']

  test('has no digests in descriptors, and the log’s for another is no proof', () => {
    const matches = matchModules(bootOf(eventsOf(newer), { bank: 'sha384', banks }), index)
    expect(matches.image).toBeUndefined()
    const kernel = matches.modules.find(({ module }) => module.name === 'k.b00')
    expect(kernel).toMatchObject({ status: 'other-bank', references: [{ payload: 'k' }] })
    expect(kernel?.reason).toContain('no image has a digest for sha384')
  })

  test('has them once the payloads were added', async () => {
    const table = await tableOf(newer)
    for (const payload of newer.vibs.flatMap(({ payloads }) => payloads))
      await table.addPayload(packed(payload))
    const matches = matchModules(bootOf(eventsOf(newer), { bank: 'sha384', banks }), table)
    expect(matches.image?.name).toBe(newer.name)
    expect(matches.modules.filter(({ status }) => status === 'found')).toHaveLength(6)
  })

  test('of SHA-1 is looked up in its own digests', () => {
    expect(matchModules(bootOf(eventsOf(newer), { bank: 'sha1' }), index).image?.name).toBe(newer.name)
  })

  test('T-14: cannot lend its digest: a log may say anything for a bank that was not quoted', () => {
    const forged = eventsOf(newer).map((event) =>
      event.pcr === 12 && event.type === 6
        ? {
            ...event,
            digests: {
              sha256: digestOf('sha256', utf8(String(event.digestOf))),
              sha384: digestOf('sha384', utf8('evil')),
            },
          }
        : event,
    )
    const matches = matchModules(bootOf(forged, { bank: 'sha384', banks }), index)
    expect(matches.image).toBeUndefined()
    expect(matches.modules.some(({ status }) => status === 'found')).toBe(false)
  })
})
