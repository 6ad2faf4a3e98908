import { createHash } from 'node:crypto'
import { equalBytes } from '@trusthold/core/bytes'
import { verifyQuote } from '@trusthold/core/evidence'
import {
  bootFacts,
  compareLog,
  eventTypes,
  type LinuxBoot,
  type LinuxFindingCode,
  parseEventLog,
  splitKernelParameters,
} from '@trusthold/core/measured-boot'
import type { BuiltEvent } from '@trusthold/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BootName, loadBoot } from '../recordings/load.js'
import {
  all,
  approvedLine,
  archive,
  file,
  givenToKernel,
  grub,
  grubBoot,
  grubLine,
  image,
  options,
  section,
  ukiBoot,
  verifyBoot,
} from './linux-boots.js'

const sha256 = (text: string): Uint8Array => Uint8Array.from(createHash('sha256').update(text).digest())

/** A policy that asks for one command line. */
const hasApprovedLine = ({ commandLine }: LinuxBoot): boolean =>
  commandLine.verified && commandLine.value.parameters === approvedLine
/** A policy that binds the root file system, by a parameter. */
const bindsRoot = ({ commandLine }: LinuxBoot): boolean =>
  commandLine.verified &&
  splitKernelParameters(commandLine.value.parameters).some(
    ({ name, value }) => name === 'roothash' && value === '00ff',
  )
/** A policy that asks for an initial file system. */
const hasApprovedInitrd = ({ initrd }: LinuxBoot): boolean =>
  initrd.verified && initrd.value.every(({ digest }) => equalBytes(digest, sha256('initrd')))
/** A policy that asks for every file that GRUB read. */
const hasApprovedFiles = ({ files }: LinuxBoot): boolean =>
  files.verified &&
  files.value.length > 0 &&
  files.value.every(({ digest }) => ['kernel', 'initrd'].some((one) => equalBytes(digest, sha256(one))))
/** A policy that asks for a section of a kernel image. */
const hasSection = ({ uki }: LinuxBoot, name: string, content: string): boolean =>
  uki.sections.verified &&
  uki.sections.value.some((one) => one.name === name && equalBytes(one.digest, sha256(content)))
const codesOf = ({ findings }: LinuxBoot): readonly LinuxFindingCode[] => findings.map(({ code }) => code)

const evil = `${approvedLine} init=/bin/sh`
const replaced = (events: readonly BuiltEvent[], at: number, event: BuiltEvent): readonly BuiltEvent[] =>
  events.with(at, event)

describe('T-19 a policy can require the command line', () => {
  test.each<[string, readonly BuiltEvent[]]>([
    ['by GRUB', grubBoot(approvedLine)],
    ['by systemd-boot', [image('systemd-boot'), image('kernel'), options(approvedLine)]],
    ['of a kernel image', ukiBoot(approvedLine)],
  ])('%s', (_, events) => {
    expect(hasApprovedLine(verifyBoot(events))).toBe(true)
    expect(bindsRoot(verifyBoot(events))).toBe(true)
  })

  test.each<[string, readonly BuiltEvent[]]>([
    ['another one', grubBoot(evil)],
    [
      'another one, with the approved one typed as a command that fails',
      [grub(`/vmlinuz ${approvedLine}`), ...grubBoot(evil)],
    ],
    [
      'another one, with labels that say that the approved one was it',
      [
        grub(`linux /vmlinuz ${approvedLine}`),
        grubLine(`/vmlinuz ${approvedLine}`),
        grub(`linux /vmlinuz ${evil}`),
        grub(`/vmlinuz ${evil}`),
      ],
    ],
    ['the approved one, and then another one', [...grubBoot(approvedLine), ...grubBoot(evil)]],
    [
      'another one, and the approved one extended after the boot',
      [...grubBoot(evil), ...grubBoot(approvedLine)],
    ],
    [
      'another one, whose event shows the approved one',
      replaced(grubBoot(evil), 6, { ...grubLine(`/vmlinuz ${approvedLine}`), digestOf: `/vmlinuz ${evil}` }),
    ],
    [
      'another one, whose event is shown as something else',
      replaced(grubBoot(evil), 6, { ...grub('true'), digestOf: `/vmlinuz ${evil}` }),
    ],
    [
      'the approved one, before another loader took over',
      [...grubBoot(approvedLine), grub(`chainloader /evil.efi ${evil}`)],
    ],
    ['the approved one, timed or not', [...grubBoot(approvedLine), grub(`time chainloader /evil.efi`)]],
    ['the approved one, extended after a boot by systemd-boot', [options(evil), ...grubBoot(approvedLine)]],
    ['another one, added to a kernel image', [...ukiBoot(approvedLine), options('init=/bin/sh')]],
    [
      'another one in the kernel image',
      [options(approvedLine), ...section('.linux', 'kernel'), ...section('.cmdline', evil)],
    ],
    ['another one, shown as credentials', [...ukiBoot(approvedLine), archive('Credentials initrd', evil)]],
    ['another one, added twice', [options(approvedLine), options(evil), givenToKernel(evil)]],
    ['none', [image('kernel')]],
  ])('and refuse %s', (_, events) => {
    expect(hasApprovedLine(verifyBoot(events))).toBe(false)
  })

  test.each([
    [8, grubBoot(approvedLine)],
    [12, ukiBoot(approvedLine)],
    [11, ukiBoot(approvedLine)],
  ] as const)('and refuse the approved one while PCR %i is not quoted', (pcr, events) => {
    const boot = verifyBoot(
      events,
      all.filter((one) => one !== pcr),
    )
    expect(hasApprovedLine(boot)).toBe(false)
    expect(boot.commandLine).toMatchObject({ verified: false, hint: { parameters: approvedLine } })
  })
})

describe('T-19 a policy can require the initial file system and the parts of a kernel image', () => {
  test('of a unified kernel image', () => {
    const boot = verifyBoot(ukiBoot(approvedLine))
    expect(hasApprovedInitrd(boot)).toBe(true)
    expect(hasSection(boot, '.linux', 'kernel')).toBe(true)
    expect(hasSection(boot, '.cmdline', approvedLine)).toBe(true)
  })

  test.each<[string, readonly BuiltEvent[]]>([
    ['another one', [...section('.linux', 'kernel'), ...section('.initrd', 'evil')]],
    [
      'one that is added after the boot',
      [...section('.linux', 'kernel'), ...section('.sbat', 'x'), ...section('.initrd', 'initrd')],
    ],
    [
      'a second one',
      [...section('.linux', 'kernel'), ...section('.initrd', 'evil'), ...section('.initrd', 'initrd')],
    ],
    [
      'one that stands after a phase',
      [
        ...section('.linux', 'kernel'),
        ...section('.osrel', 'x').slice(0, 0),
        { ...image('x'), pcr: 11, digestOf: 'enter-initrd' },
        ...section('.initrd', 'initrd'),
      ],
    ],
    [
      'one whose name was not measured',
      [
        ...section('.linux', 'kernel'),
        ...section('.initrd', 'initrd').map((event) => ({ ...event, digestOf: 'initrd' })),
      ],
    ],
    ['none', section('.linux', 'kernel')],
  ])('and refuse %s', (_, events) => {
    const boot = verifyBoot(events)
    expect(hasApprovedInitrd(boot)).toBe(false)
    expect(hasSection(boot, '.initrd', 'initrd')).toBe(false)
  })

  const forged = [...section('.linux', 'kernel'), ...section('.initrd', 'initrd')]
  const grubbed = [...grubBoot(approvedLine).slice(0, -1), file('/initrd.img', 'evil')]

  test.each<[string, readonly BuiltEvent[], readonly number[]]>([
    ['', grubbed, all],
    [
      ', whose commands are not shown',
      grubbed.map((one) => (one.pcr === 8 ? { ...one, data: 'x' } : one)),
      all,
    ],
    [', whose commands are left out', grubbed.filter(({ pcr }) => pcr !== 8), all.filter((pcr) => pcr !== 8)],
  ])('and not by what root adds to PCR 11 after a boot by GRUB%s', (_, events, quoted) => {
    const boot = verifyBoot([...events, ...forged], quoted)
    expect(hasApprovedInitrd(boot)).toBe(false)
    expect(boot.kernel).toMatchObject({ verified: false, reason: expect.stringContaining('GRUB') })
  })

  test('of a unified kernel image that GRUB chain-loads', () => {
    expect(hasApprovedInitrd(verifyBoot([grub('chainloader /EFI/Linux/uki.efi'), ...forged]))).toBe(true)
  })

  test('by the files that GRUB read, whatever they are called', () => {
    expect(hasApprovedFiles(verifyBoot(grubBoot(approvedLine)))).toBe(true)
    const swapped = [
      ...grubBoot(approvedLine).slice(0, -1),
      file('/initrd.img', 'evil'),
      file('/other', 'initrd'),
    ]
    expect(hasApprovedFiles(verifyBoot(swapped))).toBe(false)
    const relabelled = [
      ...grubBoot(approvedLine).slice(0, -1),
      file('/other', 'evil'),
      file('/initrd.img', 'initrd'),
    ]
    expect(hasApprovedFiles(verifyBoot(relabelled))).toBe(false)
    expect(hasApprovedInitrd(verifyBoot(relabelled))).toBe(false)
  })
})

describe('T-19 what is not measured is found', () => {
  test.each<[LinuxFindingCode, readonly BuiltEvent[]]>([
    ['command-line-unmeasured', [image('grub'), image('kernel')]],
    ['command-line-unmeasured', [image('grub'), file('/vmlinuz', 'kernel'), file('/initrd.img', 'initrd')]],
    ['command-line-doubtful', [...grubBoot(approvedLine), ...grubBoot(evil)]],
    ['command-line-unconfirmed', [...grubBoot(approvedLine), givenToKernel(`BOOT_IMAGE=/vmlinuz ${evil}`)]],
    ['command-line-extended', [...ukiBoot(approvedLine), options('init=/bin/sh')]],
    ['kernel-unmeasured', [options(approvedLine)]],
    ['kernel-by-label', grubBoot(approvedLine)],
    ['initrd-unmeasured', grubBoot(approvedLine).slice(0, -1)],
    ['initrd-by-label', grubBoot(approvedLine)],
    ['configuration-added', [...ukiBoot(approvedLine), archive('Credentials initrd', 'x')]],
    ['extension-added', [...ukiBoot(approvedLine), archive('System extension initrd', 'x', 13)]],
    ['event-unknown', [...ukiBoot(approvedLine), archive('Anything', 'x')]],
    ['event-unknown', [...grubBoot(approvedLine), { ...grub('true'), digestOf: 'false' }]],
    ['event-unknown', [...ukiBoot(approvedLine), ...section('.other', 'x')]],
  ])('%s', (code, events) => {
    expect(codesOf(verifyBoot(events))).toContain(code)
    // Findings are shown whether or not the PCRs are quoted: who only looks at hints must see them too.
    expect(codesOf(verifyBoot(events, []))).toContain(code)
  })

  test('and nothing in a kernel image that has everything', () => {
    expect(codesOf(verifyBoot(ukiBoot(approvedLine)))).toEqual([])
  })
})

describe.each<BootName>(['boot-secure', 'boot-debug', 'boot-uki'])('T-19 of the recorded %s', (name) => {
  const boot = loadBoot(name)
  const log = parseEventLog(boot.eventLog)
  const { matching, untouched } = compareLog(log, 'sha256', boot.pcrs.sha256)
  const proved = [...matching, ...untouched]

  test('no type of an event makes another command line, kernel or initial file system of it', () => {
    const bytes = Uint8Array.from(boot.eventLog)
    const view = new DataView(bytes.buffer)
    const honest = bootFacts(log, 'sha256', proved).linux
    for (const { offset, type, pcr } of log.events.slice(1)) {
      if (pcr < 4) continue
      for (const other of [
        eventTypes.EV_EVENT_TAG,
        eventTypes.EV_EFI_ACTION,
        eventTypes.EV_SEPARATOR,
        0x1234,
      ]) {
        view.setUint32(offset + 4, other, true)
        const { commandLine, kernel, initrd } = bootFacts(parseEventLog(bytes), 'sha256', proved).linux
        if (commandLine.verified) expect(commandLine.value.parameters).toBe(boot.commandLine)
        if (kernel.verified) expect(kernel).toEqual(honest.kernel)
        if (initrd.verified) expect(initrd).toEqual(honest.initrd)
      }
      view.setUint32(offset + 4, type, true)
    }
  })

  test('no change of a byte of the log makes another command line of it', () => {
    const [quote] = boot.quotes
    if (quote === undefined) throw new Error('no quote was recorded')
    const { message, signature, key, bank, pcrs } = quote
    const values = new Map(pcrs.map((pcr) => [pcr, boot.pcrs[bank].get(pcr) ?? new Uint8Array()]))
    const evidence = {
      ...{ message, signature, nonce: boot.nonce, attestationKey: boot.attestationKeys[key] },
      pcrs: [{ bank, values }],
    }
    let trusted = 0
    fc.assert(
      fc.property(fc.nat({ max: boot.eventLog.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const eventLog = boot.eventLog.with(at, (boot.eventLog[at] as number) ^ mask)
        const verdict = verifyQuote({ ...evidence, eventLog })
        if (!verdict.trusted) return
        trusted += 1
        const { commandLine } = verdict.facts.boot?.linux ?? {}
        if (commandLine?.verified === true) expect(commandLine.value.parameters).toBe(boot.commandLine)
      }),
      { numRuns: 300 },
    )
    // Most of a log's bytes are labels, so that many changes leave it as it was measured.
    expect(trusted).toBeGreaterThan(10)
  })
})
