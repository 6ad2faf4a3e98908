import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, equalBytes, toHex, utf8 } from '../../../src/bytes/index.js'
import { isTrustholdError } from '../../../src/errors/index.js'
import {
  esxiBoot,
  eventTypes,
  type Fact,
  matchModules,
  parseEventLog,
  payloadIndex,
  payloadTable,
  readImageDatabase,
} from '../../../src/measured-boot/index.js'
import {
  type BuiltEvent,
  type EsxiBootFile,
  esxiBootEvents,
  esxiEvent,
  esxiVersionRecord,
} from '../../../src/testing/index.js'
import { digestOf } from '../../../src/tpm2/index.js'
import { bootOf, databaseFiles, goodPlan, measure, signers, testImage, tgzOf } from './fixtures.js'

const image = testImage('24022510')
const index = payloadIndex([payloadTable(await readImageDatabase(await tgzOf(databaseFiles(image))))])

/** What an attacker can put into a file, or extend a PCR with. */
const contents: readonly Uint8Array[] = [
  ...[
    '',
    '/b.b00 good',
    'b.b00',
    '/x/b.b00 a b',
    'secureBoot=TRUE',
    'a=1',
    'tag',
    'Boot Complete\0',
    'module\nof lines',
  ].map(utf8),
  ...Object.values(signers),
  esxiVersionRecord({ component: 'k', product: 'p', version: '9', file: '/k.b00' }),
  esxiVersionRecord({ component: 'x', product: 'p', version: '9', file: '/x.v00' }),
  Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1, 2),
  utf8('k of 24022510'),
]
const anyContents = fc.constantFrom(...contents)
const anyFile = fc.record({
  path: fc.constantFrom('/z.gz', '/y.gz', '/x.v00', '/w.tgz', '/state.tgz'),
  contents: anyContents,
})
const anyExtension = fc.record({ pcr: fc.constantFrom(11, 12, 13, 14, 15), contents: anyContents })
/** How the log's writer labels an event: tag or type, and whether it says the contents, a name, or something else. */
const anyLabel = fc.record({
  change: fc.boolean(),
  tag: fc.nat(9),
  kernel: fc.constantFrom(0, 0, 0, 0x6000_0001, 0x6000_0004, eventTypes.EV_IPL),
  say: fc.constantFrom('contents', 'name', 'other'),
  name: fc.constantFrom('k.b00\0', 'z9.gz\0', 'x9.v00\0', 'state.tgz\0', 'jumpstrt.gz\0'),
  other: anyContents,
})
type Label = typeof anyLabel extends fc.Arbitrary<infer T> ? T : never

const measured = (event: BuiltEvent): Uint8Array => {
  const data = event.digestOf ?? event.data
  return typeof data === 'string' ? utf8(data) : data
}
function relabel(event: BuiltEvent, label: Label | undefined): BuiltEvent {
  if (label?.change !== true) return event
  const data = label.say === 'contents' ? measured(event) : label.say === 'name' ? label.name : label.other
  const tagged = esxiEvent(event.pcr, label.tag, data, measured(event))
  if (label.kernel === 0) return tagged
  return {
    pcr: event.pcr,
    type: label.kernel,
    data: label.tag % 2 === 0 ? tagged.data : data,
    digestOf: measured(event),
  }
}
const claims = <T>(fact: Fact<T>): T[] => (fact.verified ? [fact.value] : [])

const situation = fc.record({
  files: fc.array(anyFile, { maxLength: 3 }),
  later: fc.array(anyExtension, { maxLength: 3 }),
  labels: fc.array(anyLabel, { minLength: 30, maxLength: 30 }),
  assetTag: fc.option(
    anyContents.filter(({ length }) => length > 0),
    { nil: undefined },
  ),
  bad: fc.constantFrom('execInstalledOnly=FALSE', ''),
  options: fc.uniqueArray(fc.constantFrom('secureBoot=FALSE', 'b=2', 'c=3')),
  closes: fc.boolean(),
  lie: fc.boolean(),
})

test('T-14: whatever is loaded, added and written, nothing false is verified and no file disappears', () => {
  let [honest, verified] = [0, 0]
  fc.assert(
    fc.property(situation, ({ files, later, labels, assetTag, bad, options, closes, lie }) => {
      const { files: own } = goodPlan(image)
      const loaded: EsxiBootFile[] = [...own, ...files]
      const completePcrs = closes ? [11, 12, 13, 14, 15] : []
      const plan = {
        files: loaded,
        signers: [signers.certificate],
        options: bad,
        securityOptions: options,
        completePcrs,
      }
      const truth = esxiBootEvents(assetTag === undefined ? plan : { ...plan, assetTag })
      const events = [
        ...truth,
        ...later.map(({ pcr, contents: data }) => ({ pcr, type: 0x6000_0001, data })),
      ].map((event, i) => (lie ? relabel(event, labels[i]) : event))
      const boot = bootOf(events, { closedPcrs: completePcrs, knownFiles: [digestOf('sha256', utf8('a=1'))] })

      for (const line of claims(boot.commandLine)) expect(line).toBe(bad === '' ? '/b.b00' : `/b.b00 ${bad}`)
      for (const tag of claims(boot.assetTag)) expect(toHex(tag)).toBe(toHex(assetTag ?? new Uint8Array(0)))
      for (const option of boot.securityOptions.flatMap(claims)) expect(options).toContain(option)
      const keys = boot.signers.flatMap(claims)
      if (keys.length > 0) expect(keys.some((key) => equalBytes(key, signers.certificate))).toBe(true)
      expect(boot.versions.flatMap(claims)).toEqual([])

      const listed = new Set(boot.modules.map(({ digest }) => (digest.verified ? toHex(digest.value) : '')))
      for (const event of events) {
        const bytes = measured(event)
        if (event.pcr > 13 || isHarmless(bytes)) continue
        expect(listed).toContain(toHex(digestOf('sha256', bytes)))
      }
      const booted = matchModules(boot, index)
      if (booted.image !== undefined) expect(booted.image.name).toBe(image.name)
      if (boot.commandLine.verified) verified++
      if (boot.findings.length === 0) honest++
    }),
    { numRuns: 400 },
  )
  // The property would hold for nothing as well.
  expect(Math.min(honest, verified)).toBeGreaterThan(5)
}, 120_000)

/** Lines and version records, as which nothing can run. */
function isHarmless(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('latin1')
  return /^[ -~]*\0?$/.test(text) || bytes[4] === 1
}

test('T-31: a damaged log is read or refused with a typed error', () => {
  const { built } = measure(esxiBootEvents(goodPlan()))
  const places = fc.array(fc.tuple(fc.nat(built.bytes.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(places, fc.nat(built.bytes.length), (changes, length) => {
      const bytes = Uint8Array.from(built.bytes.subarray(0, length))
      for (const [at, value] of changes) if (at < length) bytes[at] = value
      try {
        const boot = esxiBoot(parseEventLog(bytes), 'sha256', [11, 12, 13, 14])
        matchModules(boot, index)
      } catch (error) {
        if (!isTrustholdError(error)) throw error
      }
    }),
    { numRuns: 500 },
  )
}, 60_000)

test('T-31: a damaged archive is read or refused with a typed error', async () => {
  const good = await tgzOf(databaseFiles(image))
  const places = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(places, fc.nat(good.length), async (changes, cut) => {
      const bytes = Uint8Array.from(cut % 2 === 0 ? good : good.subarray(0, cut))
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      await readImageDatabase(bytes).catch((error: unknown) => {
        expect(isTrustholdError(error, 'BASE_IMAGE_INVALID')).toBe(true)
      })
    }),
    { numRuns: 150 },
  )
}, 60_000)

test('T-31: damaged files in an archive that is whole are read or refused with a typed error', async () => {
  const files = databaseFiles(image)
  const names = [...files.keys()].filter(
    (name) => /profiles|\.xml$/.test(name) && !name.includes('bulletins'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.nat(3000),
      fc.oneof(
        fc.constantFrom('<', '>', '&', '"', '<!', '<?', ']]>', '\0', '&#x1;', '<a>', '</vib>', '\ud800'),
        fc.string(),
      ),
      async (name, at, text) => {
        const xml = String(files.get(name))
        const damaged = concatBytes(utf8(xml.slice(0, at)), utf8(text), utf8(xml.slice(at + text.length)))
        await readImageDatabase(await tgzOf(new Map(files).set(name, damaged))).catch((error: unknown) => {
          expect(isTrustholdError(error, 'BASE_IMAGE_INVALID')).toBe(true)
        })
      },
    ),
    { numRuns: 150 },
  )
}, 60_000)
