import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/bytes/index.js'
import { type ConfigurationKind, eventTypes } from '../../../src/measured-boot/index.js'
import type { BuiltEvent } from '../../../src/testing/index.js'
import {
  all,
  archive,
  grub,
  linuxOf,
  loadOptions,
  options,
  section,
  stubInitrd,
  systemdLog,
  tagged,
  utf16,
  without,
} from './boots.js'

const line = 'root=/dev/sda1 quiet'
const credentials = archive('Credentials initrd', 'cpio')

describe('the command line of a loader of systemd', () => {
  test('is the text in PCR 12', () => {
    expect(linuxOf([options(line)]).commandLine).toEqual({
      verified: true,
      value: { source: 'systemd', text: line, image: undefined, parameters: line },
    })
  })

  test.each<[string, readonly BuiltEvent[]]>([
    ['that both measured', [options(line), options(line)]],
    ['that one measured with white space', [options(` ${line} `), options(line)]],
    ['in PCR 8, as of old', [options(line, 8)]],
    [
      'in PCR 8, half of whose NUL is missing',
      [
        {
          pcr: 8,
          type: eventTypes.EV_IPL,
          data: utf16(`${line}\0`).subarray(0, -1),
          digestOf: utf16(`${line}\0`),
        },
      ],
    ],
    ['beside a profile', [options(line), tagged(12, 0x13aed6db, utf16('1\0'), utf16('1\0'))]],
    ["that is the image's own", [...section('.linux', 'x'), ...section('.cmdline', line), options(line)]],
    [
      "that is the image's own, with a line feed",
      [...section('.linux', 'x'), ...section('.cmdline', `${line}\n`), options(line)],
    ],
    ['beside an image without one', [...section('.linux', 'x'), options(line)]],
  ])('%s', (_, events) => {
    const { commandLine, findings } = linuxOf(events)
    expect(commandLine).toMatchObject({ verified: true, value: { parameters: line } })
    expect(findings.filter(({ code }) => code.startsWith('command-line'))).toEqual([])
  })

  test.each<[string, readonly BuiltEvent[], readonly number[]]>([
    ['with another text', [options(line), options('debug')], all],
    ['with something hidden', [options(line), credentials], all],
    ['with an unknown tag', [options(line), tagged(12, 1, utf8('x'), 'y')], all],
    ['with a profile that is none', [options(line), tagged(12, 0x13aed6db, utf16('1\0'), 'y')], all],
    ['with a text in PCR 8 that is none', [options(line, 8), { ...options('x', 8), digestOf: 'y' }], all],
    [
      'with another one in the image',
      [...section('.linux', 'x'), ...section('.cmdline', 'y'), options(line)],
      all,
    ],
    ['while PCR 12 is not proved', [options(line)], without(12)],
    ['while PCR 8 is not proved, as of old', [options(line, 8)], without(8)],
    ['while PCR 11 is not proved', [options(line)], without(11)],
  ])('is doubtful %s', (_, events, matching) => {
    const { commandLine, findings } = linuxOf(events, matching)
    expect(commandLine).toMatchObject({ verified: false, hint: { source: 'systemd', text: line } })
    expect(findings.map(({ code }) => code)).toContain('command-line-doubtful')
  })

  test('is doubtful when the operating system wrote into its PCR', () => {
    const later = [systemdLog({ pcr: 12, string: 'x' })]
    expect(linuxOf([options(line)], all, later).commandLine).toMatchObject({ verified: false })
  })

  test('is none when its digest is of something else', () => {
    expect(linuxOf([{ ...options(line), digestOf: utf16('debug\0') }]).commandLine).toMatchObject({
      verified: false,
      hint: undefined,
    })
  })
})

describe('what the kernel itself was given', () => {
  const own = [...section('.linux', 'x'), ...section('.cmdline', 'own')]

  test.each<[string, readonly BuiltEvent[], string]>([
    ['settles between texts', [options(line), options('debug'), loadOptions(utf16('debug\0'))], 'debug'],
    ['may be all of them', [options('a'), options('b'), loadOptions(utf16('a b\0'))], 'a b'],
    ['shows that nothing is hidden', [options(line), credentials, loadOptions(utf16(`${line}\0`))], line],
    ['shows that the image has nothing else', [...own, options(line), loadOptions(utf16(line))], line],
  ])('%s', (_, events, text) => {
    const { commandLine } = linuxOf(events)
    const event = events.length
    expect(commandLine).toMatchObject({ verified: true, value: { text, confirmedBy: event } })
  })

  test('counts only as the first thing in PCR 9, and when that is proved', () => {
    const given = loadOptions(utf16(`${line}\0`))
    const events = [options(line), options('debug')]
    expect(linuxOf([...events, stubInitrd('initrd'), given]).commandLine).toMatchObject({ verified: false })
    expect(linuxOf([...events, given], without(9)).commandLine).toMatchObject({ verified: false })
    expect(linuxOf([...events, given, loadOptions(utf16('debug\0'))]).commandLine).toMatchObject({
      verified: true,
      value: { text: line },
    })
  })

  test('is known only by its digest without a text', () => {
    const { commandLine, efiStub, findings } = linuxOf([loadOptions(utf16('quiet\0')), stubInitrd('initrd')])
    expect(commandLine).toMatchObject({ hint: undefined, reason: expect.stringContaining('event 1') })
    expect(efiStub).toMatchObject({ loadOptions: { event: 1 }, initrd: { event: 2 } })
    expect(findings.map(({ code }) => code)).toEqual(['kernel-unmeasured', 'initrd-by-label'])
  })

  test('is no empty text when no loader measured one', () => {
    for (const nothing of ['', '\0']) {
      expect(linuxOf([loadOptions(utf16(nothing))]).commandLine).toMatchObject({ hint: undefined })
    }
  })

  test('has tags only where the type of an event says so, and all of it is there', () => {
    for (const event of [
      { ...stubInitrd('initrd'), type: eventTypes.EV_IPL },
      { ...stubInitrd('initrd'), data: stubInitrd('initrd').data?.slice(0, 11) ?? '' },
    ]) {
      expect(linuxOf([event]).efiStub).toEqual({ loadOptions: undefined, initrd: undefined })
    }
  })

  test('is known only by its digest in a kernel image', () => {
    const { commandLine, findings } = linuxOf([...own, ...section('.initrd', 'i')])
    expect(commandLine).toMatchObject({ hint: undefined, reason: expect.stringContaining('event 4') })
    expect(findings).toEqual([])
  })
})

describe('configuration', () => {
  test.each<[ConfigurationKind, BuiltEvent, string | undefined]>([
    ['options', options('quiet'), 'quiet'],
    ['profile', tagged(12, 0x13aed6db, utf16('2\0'), utf16('2\0')), '2'],
    ['credentials', credentials, undefined],
    ['credentials', archive('Global credentials initrd', 'x'), undefined],
    ['configuration-extensions', archive('Configuration extension initrd', 'x'), undefined],
    ['configuration-extensions', archive('Global configuration extension initrd', 'x'), undefined],
    ['initrd-addon', tagged(12, 0x49dffe0f, utf16('a.addon.efi\0'), 'x'), undefined],
    ['microcode-addon', tagged(12, 0xdac08e1a, utf16('a.addon.efi\0'), 'x'), undefined],
    ['device-tree-addon', tagged(12, 0x6c46f751, utf16('a.addon.efi\0'), 'x'), undefined],
    ['other', tagged(12, 0x6c46f752, utf16('x\0'), 'x'), undefined],
    ['other', archive('Something', 'x'), undefined],
    ['other', { pcr: 12, type: eventTypes.EV_IPL, data: new Uint8Array(0) }, undefined],
    ['other', tagged(12, 0x13aed6db, Uint8Array.of(0x31, 0, 0), 'x'), undefined],
    ['other', { pcr: 12, type: eventTypes.EV_SEPARATOR, data: 'WBCL' }, undefined],
  ])('%s', (kind, event, text) => {
    const { configuration } = linuxOf([event])
    expect(configuration).toMatchObject({ verified: true, value: [{ kind, text, event: 1, pcr: 12 }] })
    expect(linuxOf([event], without(12)).configuration).toMatchObject({ verified: false, hint: [{ kind }] })
  })

  test('that is added is found', () => {
    const events = [
      ...section('.linux', 'x'),
      ...section('.cmdline', 'y'),
      options('more'),
      credentials,
      archive('System extension initrd', 'x', 13),
      archive('Something', 'x', 13),
    ]
    const { findings, extensions } = linuxOf(events)
    expect(extensions).toMatchObject({
      verified: true,
      value: [{ kind: 'system-extensions' }, { kind: 'other' }],
    })
    expect(findings.map(({ code, event }) => [code, event])).toEqual([
      ['command-line-doubtful', undefined],
      ['initrd-unmeasured', undefined],
      ['command-line-extended', 5],
      ['configuration-added', 6],
      ['extension-added', 7],
      ['event-unknown', 8],
    ])
  })
})

test.each<[string | undefined, readonly BuiltEvent[]]>([
  ['grub', [grub('set default=0'), options(line)]],
  ['systemd-stub', [...section('.linux', 'x'), options(line)]],
  ['systemd-boot', [options(line)]],
  ['systemd-boot', [options(line, 8)]],
  ['systemd-boot', [tagged(5, 0xf5bc582a, utf16('loader.conf\0'), 'timeout 0')]],
  ['firmware', [loadOptions(utf16(line))]],
  ['firmware', [stubInitrd('initrd')]],
  [undefined, [credentials]],
])('the loader seems to be %s', (loader, events) => {
  expect(linuxOf(events).loader).toMatchObject({ verified: false, hint: loader })
})
