import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import { type EsxiBoot, esxiBoot, eventTypes } from '../../../src/measured-boot/index.js'
import { type BuiltEvent, esxiBootEvents, esxiEvent, esxiVersionRecord } from '../../../src/testing/index.js'
import { digestOf } from '../../../src/tpm2/index.js'
import { bootOf, goodBoot, goodPlan, measure, signers } from './fixtures.js'

const good = (): BuiltEvent[] => esxiBootEvents(goodPlan())
const kindsOf = ({ findings }: EsxiBoot): string[] => findings.map(({ kind }) => kind)
/** Index of the event with this tag in PCR 14. */
const at = (events: readonly BuiltEvent[], tag: number): number =>
  events.findIndex(({ pcr, data }) => pcr === 14 && typeof data !== 'string' && data[0] === tag)
const edited = (edit: (events: BuiltEvent[]) => void): EsxiBoot => {
  const events = good()
  edit(events)
  return bootOf(events)
}

describe('a good boot', () => {
  const boot = goodBoot()

  test('has no findings', () => {
    expect(boot.findings).toEqual([])
  })

  test('states all its facts as verified', () => {
    expect(boot).toMatchObject({
      bank: 'sha256',
      commandLine: { verified: true, value: '/b.b00 autoPartition=FALSE runweasel' },
      signers: [
        { verified: true, value: signers.certificate },
        { verified: true, value: signers.publicKey },
      ],
      assetTag: { verified: true, value: utf8('rack 7') },
      versions: [
        { verified: false, hint: { component: 'b', version: '8.0.3-0.0.24022510', file: '/b.b00' } },
        { verified: false, hint: { component: 'k', version: '8.0.3-0.0.24022510', file: '/k.b00' } },
      ],
      securityOptions: [
        { verified: true, value: 'execInstalledOnly=TRUE' },
        { verified: true, value: 'secureBoot=TRUE' },
      ],
      bootComplete: { verified: true, value: 12 },
    })
  })

  test('lists modules and options with their PCRs', () => {
    const list = (modules: EsxiBoot['modules']) => modules.map(({ name, pcr }) => `${pcr} ${name}`)
    expect(list(boot.modules)).toEqual([
      '12 b.b00',
      '12 k.b00',
      '12 s.v00',
      '12 sb.v00',
      '11 esxupdt.v00',
      '13 ne1000.v00',
      '13 imgdb.tgz',
      '13 state.tgz',
    ])
    expect(list(boot.options)).toEqual(['14 jumpstrt.gz', '14 useropts.gz', '14 features.gz'])
    expect(boot.options.map(({ empty }) => empty)).toEqual([true, true, true])
    expect(boot.modules.every(({ digest, empty }) => digest.verified && !empty)).toBe(true)
  })
})

test('without version records, tag, signers and Boot Complete, as older releases boot', () => {
  const { files } = goodPlan()
  const boot = bootOf(esxiBootEvents({ files: files.map(({ version, ...file }) => file) }))
  expect(boot.findings).toEqual([])
  expect(boot.commandLine).toMatchObject({ verified: true, value: '/b.b00' })
  expect([boot.signers, boot.versions, boot.securityOptions]).toEqual([[], [], []])
  expect(boot.assetTag).toMatchObject({ verified: false, hint: undefined })
  expect(boot.bootComplete).toMatchObject({ verified: false, hint: undefined })
})

test('T-11: nothing rests on a PCR that is not proved', () => {
  const { log } = measure(good())
  const boot = esxiBoot(log, 'sha256', [0, 1, 2, 3, 4, 5, 6, 7])
  expect(kindsOf(boot)).toEqual(['unproved', 'unproved', 'unproved', 'unproved'])
  expect(boot.modules.every(({ digest }) => !digest.verified && digest.reason !== '')).toBe(true)
  const facts = [boot.commandLine, boot.assetTag, boot.bootComplete, ...boot.signers, ...boot.versions]
  expect([...facts, ...boot.securityOptions].map(({ verified }) => verified)).toEqual(Array(9).fill(false))
  expect(boot.commandLine).toMatchObject({ hint: '/b.b00 autoPartition=FALSE runweasel' })
})

test('a truncated log is a finding', () => {
  expect(kindsOf(bootOf(good(), { truncated: true }))).toEqual(['truncated'])
})

describe('files of options of unknown contents', () => {
  const { files, ...plan } = goodPlan()
  const jumpstart = 'jumpstart of this host'
  const events = () =>
    esxiBootEvents({
      ...plan,
      files: files.map((file) => (file.path === '/jumpstrt.gz' ? { ...file, contents: jumpstart } : file)),
    })

  test('leave nothing after them verified', () => {
    const boot = bootOf(events())
    expect(boot.findings).toEqual([])
    expect(boot.commandLine).toMatchObject({
      verified: false,
      reason: expect.stringContaining('is not known'),
    })
    expect(boot.signers.some(({ verified }) => verified)).toBe(false)
    expect(boot.assetTag.verified).toBe(false)
    expect(boot.securityOptions.some(({ verified }) => verified)).toBe(false)
    expect(boot.bootComplete.verified).toBe(true)
  })

  test('leave all verified when the caller knows their digests', () => {
    const boot = bootOf(events(), { knownFiles: [digestOf('sha256', utf8(jumpstart))], closedPcrs: [14] })
    expect(boot.commandLine.verified).toBe(true)
    expect(boot.assetTag.verified).toBe(true)
    expect(bootOf(events(), { knownFiles: [digestOf('sha256', utf8('other'))] }).commandLine.verified).toBe(
      false,
    )
  })
})

describe('what an honest boot does not have', () => {
  test.each<[string, string, (events: BuiltEvent[]) => void]>([
    ['a core module among the static ones', 'wrong-pcr', (e) => e.unshift(esxiEvent(13, 2, 'k.b00\0', 'x'))],
    ['a driver among the core', 'wrong-pcr', (e) => e.unshift(esxiEvent(12, 2, 'ne1000.v00\0', 'x'))],
    ['the updater in the core', 'wrong-pcr', (e) => e.unshift(esxiEvent(12, 2, 'esxupdt.v00\0', 'x'))],
    ['a driver for the updater', 'wrong-pcr', (e) => e.unshift(esxiEvent(11, 2, 'ne1000.v00\0', 'x'))],
    ['options among the modules', 'wrong-pcr', (e) => e.unshift(esxiEvent(13, 2, 'more.gz\0', 'x'))],
    ['options as a module', 'wrong-pcr', (e) => e.unshift(esxiEvent(14, 2, 'more.gz\0', 'x'))],
    ['a module as options', 'wrong-pcr', (e) => e.unshift(esxiEvent(13, 3, 'more.v00\0', 'x'))],
    ['state as options', 'wrong-pcr', (e) => e.unshift(esxiEvent(14, 3, 'local.tgz\0', 'x'))],
    ['a command line in the core', 'wrong-pcr', (e) => e.unshift(esxiEvent(12, 4, '/b.b00'))],
    ['a version record with the options', 'wrong-pcr', (e) => e.unshift(esxiEvent(14, 8, versionRecord()))],
    ['a signer among the modules', 'wrong-pcr', (e) => e.unshift(esxiEvent(13, 7, signers.certificate))],
    ['a second kernel', 'repeated', (e) => e.unshift(esxiEvent(12, 2, 'k.b00\0', 'x'))],
    ['a second command line', 'repeated', (e) => e.splice(at(e, 4), 0, esxiEvent(14, 4, '/b.b00'))],
    ['a second asset tag', 'repeated', (e) => e.splice(at(e, 6), 0, esxiEvent(14, 6, 'x'))],
    [
      'options after the signers',
      'out-of-order',
      (e) => e.splice(at(e, 4), 0, esxiEvent(14, 3, 'z.gz\0', 'x')),
    ],
    [
      'a signer after the command line',
      'out-of-order',
      (e) => e.splice(at(e, 6), 0, esxiEvent(14, 7, signers.rsaKey)),
    ],
    [
      'a command line that is not covered',
      'not-covered',
      (e) => e.splice(at(e, 4), 1, esxiEvent(14, 4, '/b.b00', 'x')),
    ],
    ['a version record that is none', 'not-covered', (e) => e.unshift(esxiEvent(13, 8, 'x'))],
    ['a module without a name', 'not-covered', (e) => e.unshift(esxiEvent(13, 2, 'x', 'y'))],
    [
      'an event of another system',
      'unknown',
      (e) => e.unshift({ pcr: 14, type: eventTypes.EV_IPL, data: 'MokList\0' }),
    ],
    ['an unknown tag', 'unknown', (e) => e.unshift(esxiEvent(13, 77, 'x'))],
  ])('%s is a finding', (_, kind, edit) => {
    const boot = edited(edit)
    expect(kindsOf(boot)).toContain(kind)
    for (const { reason, event } of boot.findings) expect(reason).toContain(`event ${event}`)
  })

  test('what the kernel measures in its own form is none, covered or not', () => {
    const own = { ...esxiEvent(15, 99, 'its own', 'something else'), type: 0x6000_0001 }
    expect(edited((e) => e.unshift(own)).findings).toEqual([])
  })

  function versionRecord(): Uint8Array {
    return esxiVersionRecord({ component: 'x', product: 'y', version: 'z', file: '/x' })
  }

  test('names are told as the boot loader tells them', () => {
    const files = [
      ['/path/k.b00', 12],
      ['K.b00', 13],
      ['k', 12],
      ['kk.b00', 13],
      ['sb', 12],
      ['b.gz', 12],
      ['k.b.00', 13],
      ['esxupdt', 11],
      ['x.gz', 14],
      ['x.GZ', 13],
      ['gz', 13],
      ['.gz', 14],
      ['x.tgz', 13],
    ] as const
    for (const [path, pcr] of files) {
      const name = path.slice(path.lastIndexOf('/') + 1)
      const boot = bootOf([esxiEvent(pcr, pcr === 14 ? 3 : 2, `${name}\0`, 'x')])
      expect([path, boot.findings]).toEqual([path, []])
    }
  })
})

test('reasons and findings stay on one line whatever the log says', () => {
  const boot = bootOf([
    esxiEvent(12, 2, concatBytes(utf8('a\u202e\n'), Uint8Array.of(0)), 'x'),
    esxiEvent(13, 2, `${'n'.repeat(5000)}.gz\0`, 'x'),
  ])
  for (const { reason } of boot.findings) {
    expect(reason).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    expect(reason.length).toBeLessThan(400)
  }
})
