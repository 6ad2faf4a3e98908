import { describe, expect, test } from 'vitest'
import { eventTypes } from '../../../src/measured-boot/index.js'
import type { BuiltEvent } from '../../../src/testing/index.js'
import {
  all,
  file,
  grub,
  grubLinux,
  linuxOf,
  loadOptions,
  options,
  systemdLog,
  utf16,
  without,
} from './boots.js'

const line = '/vmlinuz root=/dev/sda1 ro quiet'
const boot = [grub('set default=0'), grub('insmod linux'), ...grubLinux(line), grub('initrd /initrd.img')]

test('a doubtful command line of GRUB keeps its reason beside one of systemd', () => {
  const { commandLine } = linuxOf([...boot, options(line)], without(8))
  expect(commandLine).toMatchObject({ hint: { text: line }, reason: expect.stringContaining('PCR 8 ') })
})

describe('the texts of GRUB', () => {
  test('are all that it ran', () => {
    const { texts, initrdPaths, strangers } = linuxOf(boot).grub
    expect(texts).toMatchObject({ verified: true })
    expect(texts.verified && texts.value[2]).toEqual({ event: 3, label: 'command', text: `linux ${line}` })
    expect(texts.verified && texts.value[3]).toEqual({ event: 4, label: 'kernel', text: line })
    expect(initrdPaths).toEqual({ verified: true, value: ['/initrd.img'] })
    expect(strangers).toEqual([])
  })

  test.each<[string, BuiltEvent, string]>([
    [
      'of RHEL 8',
      { pcr: 8, type: eventTypes.EV_IPL, data: 'grub_cmd set x=1\0', digestOf: 'set x=1\0' },
      'set x=1',
    ],
    [
      'without a NUL',
      { pcr: 8, type: eventTypes.EV_IPL, data: 'grub_cmd: set x=1', digestOf: 'set x=1' },
      'set x=1',
    ],
    ['in UTF-8', grub('echo Prüfe …'), 'echo Prüfe …'],
    ['empty', grub(''), ''],
  ])('%s', (_, event, text) => {
    expect(linuxOf([event]).grub.texts).toMatchObject({ verified: true, value: [{ text }] })
  })

  test.each<[string, BuiltEvent]>([
    ['has another digest', { ...grub('set x=1'), digestOf: 'set x=2' }],
    ['has the digest of its label too', { ...grub('set x=1'), digestOf: 'grub_cmd: set x=1' }],
    ['has an unknown label', { pcr: 8, type: eventTypes.EV_IPL, data: 'x: y', digestOf: 'y' }],
    ['has a NUL inside', { pcr: 8, type: eventTypes.EV_IPL, data: 'grub_cmd: a\0b', digestOf: 'a\0b' }],
    ['is no UTF-8', { pcr: 8, type: eventTypes.EV_IPL, data: Uint8Array.of(0x67, 0xff) }],
  ])('an event that %s makes all of them doubtful', (_, event) => {
    const { grub: found, commandLine, findings } = linuxOf([...boot, event])
    expect(found.texts).toMatchObject({ verified: false, hint: { length: 5 } })
    expect(found.strangers).toEqual([6])
    expect(found.initrdPaths).toMatchObject({ verified: false, hint: ['/initrd.img'] })
    expect(commandLine).toMatchObject({ verified: false, hint: { text: line } })
    expect(findings).toContainEqual(expect.objectContaining({ code: 'event-unknown', event: 6 }))
  })

  test('are hints while PCR 8 is not proved', () => {
    const { grub: found, commandLine } = linuxOf(boot, without(8))
    expect(found.texts).toMatchObject({ verified: false, reason: expect.stringContaining('PCR 8') })
    expect(commandLine).toMatchObject({ verified: false, hint: { text: line } })
  })

  test('are hints when the operating system wrote into PCR 8', () => {
    const later = [systemdLog({ pcr: 8, string: 'anything' })]
    expect(linuxOf(boot, all, later).grub.texts).toMatchObject({ verified: false })
  })
})

describe("the kernel's command line", () => {
  test('is what GRUB made of its command', () => {
    expect(linuxOf(boot).commandLine).toEqual({
      verified: true,
      event: 4,
      value: { source: 'grub', text: line, image: '/vmlinuz', parameters: 'root=/dev/sda1 ro quiet' },
    })
  })

  test.each<[string, readonly BuiltEvent[]]>([
    ['of linuxefi', grubLinux(line, 'linuxefi')],
    ['of linux16', grubLinux(line, 'linux16')],
    ['of a negated command', grubLinux(line, '! linux')],
    ['of a timed command', grubLinux(line, 'time linux')],
    ['loaded twice', [...grubLinux(line), ...grubLinux(line)]],
    ['without parameters', grubLinux('/vmlinuz')],
    ['on a device', grubLinux('(hd0,gpt2)/vmlinuz ro')],
    ['from a list of blocks', grubLinux('0+2048 ro')],
    ['from a server', grubLinux('vmlinuz ro')],
    [
      'with quotes',
      [grub('linux /vmlinuz dm=1 vroot none x'), grub('/vmlinuz "dm=1 vroot none" x', 'kernel')],
    ],
    [
      'with escapes',
      [grub(String.raw`linux /vmlinuz a\b 'c'`), grub(String.raw`/vmlinuz a\\b \'c\'`, 'kernel')],
    ],
    ['with bytes', [grub(String.raw`linux /vmlinuz a\x41`), grub(String.raw`/vmlinuz a\x41`, 'kernel')]],
  ])('%s', (_, events) => {
    const { commandLine } = linuxOf(events)
    expect(commandLine).toMatchObject({ verified: true })
  })

  test.each<[string, readonly BuiltEvent[]]>([
    ['was loaded after another one', [...grubLinux('/vmlinuz debug'), ...grubLinux(line)]],
    ['was loaded before another one', [...grubLinux(line), ...grubLinux('/vmlinuz debug')]],
    ['has the label of a command', [...grubLinux(line), grub('/vmlinuz debug')]],
    [
      'has no path, and the label of a command',
      [...grubLinux(line), grub('linux vmlinuz debug'), grub('vmlinuz debug')],
    ],
    [
      'has no path, and a negated command',
      [...grubLinux(line), grub('! linux vmlinuz debug'), grub('vmlinuz debug')],
    ],
    ['is followed by another loader, timed', [...grubLinux(line), grub('time chainloader /EFI/other.efi')]],
    ['comes without its command', [...grubLinux(line), grub('vmlinuz debug', 'kernel')]],
    ['is missing after its command', [...grubLinux(line), grub('linux /vmlinuz debug')]],
    ['stands before its command only', [grub(line, 'kernel'), grub(`linux ${line}`)]],
    ['is that of a module too', [...grubLinux(line), grub('/initrd', 'module')]],
    ['is followed by another loader', [...grubLinux(line), grub('chainloader /EFI/other.efi init=/bin/sh')]],
    ['follows another loader', [grub('multiboot2 /xen.gz'), ...grubLinux(line)]],
    ['has another one beside it by systemd', [...grubLinux(line), options('debug')]],
  ])('is doubtful when it %s', (_, events) => {
    const { commandLine, findings } = linuxOf(events)
    expect(commandLine).toMatchObject({ verified: false, hint: { source: 'grub' } })
    expect(findings.map(({ code }) => code)).toContain('command-line-doubtful')
  })

  test.each<[string, readonly BuiltEvent[]]>([
    ['with nothing measured', []],
    ['with nothing loaded', [grub('set default=0'), grub('set root=hd0')]],
    ['with an assignment of a path', [grub('prefix=(hd0)/boot/grub'), grub('set theme=/boot/theme')]],
  ])('is unmeasured %s', (_, events) => {
    const { commandLine, findings } = linuxOf(events)
    expect(commandLine).toMatchObject({ verified: false, hint: undefined })
    expect(findings.map(({ code }) => code)).toContain('command-line-unmeasured')
  })

  test('T-14: is not changed by labels', () => {
    const forged = [
      grub('linux /vmlinuz init=/bin/sh'),
      grub('/vmlinuz init=/bin/sh', 'command'),
      grub('/vmlinuz quiet', 'kernel'),
    ]
    expect(linuxOf(forged).commandLine).toMatchObject({ verified: false })
    const relabelled = [grub('linux /vmlinuz quiet', 'kernel'), grub('/vmlinuz quiet', 'command')]
    expect(linuxOf(relabelled).commandLine.verified).toBe(false)
  })

  test('is confirmed by the kernel when that measured the same', () => {
    const given = loadOptions(utf16(`BOOT_IMAGE=${line}`))
    const files = [file('/vmlinuz', 'kernel'), given]
    const { commandLine, findings } = linuxOf([...boot, ...files])
    expect(commandLine).toMatchObject({ verified: true, value: { confirmedBy: 7 } })
    expect(findings.map(({ code }) => code)).not.toContain('command-line-unconfirmed')
    const unproved = linuxOf([...boot, ...files], without(9)).commandLine
    expect(unproved.verified && unproved.value.confirmedBy).toBeUndefined()
  })

  test('is unconfirmed when the kernel measured another one', () => {
    const { commandLine, findings } = linuxOf([...boot, loadOptions(utf16('BOOT_IMAGE=/vmlinuz debug'))])
    expect(commandLine).toMatchObject({ verified: true, value: { text: line } })
    expect(findings).toContainEqual(expect.objectContaining({ code: 'command-line-unconfirmed', event: 6 }))
  })
})

describe('files', () => {
  const files = [file('(hd0)/vmlinuz', 'kernel'), file('/vmlinuz', 'kernel'), file('/initrd.img', 'initrd')]

  test('are verified as what was read, and as kernel and initial file system by their paths only', () => {
    const { files: read, kernel, initrd, findings } = linuxOf([...boot, ...files])
    expect(read).toMatchObject({
      verified: true,
      value: [{ label: '(hd0)/vmlinuz' }, {}, { pcr: 9, event: 8 }],
    })
    expect(kernel).toMatchObject({ verified: false, hint: { event: 7, label: '/vmlinuz' } })
    expect(initrd).toMatchObject({ verified: false, hint: [{ event: 8 }] })
    expect(findings.map(({ code }) => code)).toEqual(['kernel-by-label', 'initrd-by-label'])
  })

  test('are hints while PCR 9 is not proved', () => {
    expect(linuxOf([...boot, ...files], without(9)).files).toMatchObject({
      verified: false,
      hint: { length: 3 },
    })
  })

  test('that are missing leave no initial file system', () => {
    const { initrd, findings } = linuxOf([...boot, file('/vmlinuz', 'kernel')])
    expect(initrd).toMatchObject({ verified: false, hint: undefined })
    expect(findings.map(({ code }) => code)).toContain('initrd-unmeasured')
  })

  test('of which one is missing are none', () => {
    const two = [...grubLinux(line), grub('initrd /ucode.img /initrd.img'), ...files]
    expect(linuxOf(two).initrd).toMatchObject({ hint: undefined })
    expect(linuxOf([...two, file('/ucode.img', 'ucode')]).initrd).toMatchObject({
      hint: [{ event: 7 }, { event: 6 }],
    })
  })
})

test('a text of prefixes only, as long as an event may be, is read and loads no kernel', () => {
  const boot = [...grubLinux('/vmlinuz ro'), grub('! '.repeat(500_000))]
  expect(linuxOf(boot).commandLine).toMatchObject({ verified: true, value: { parameters: 'ro' } })
  const hidden = [...grubLinux('/vmlinuz ro'), grub(`${'! time '.repeat(1000)}chainloader /x`)]
  expect(linuxOf(hidden).commandLine).toMatchObject({ verified: false })
})
