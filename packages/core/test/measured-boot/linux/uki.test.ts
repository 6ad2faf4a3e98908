import { describe, expect, test } from 'vitest'
import { eventTypes } from '../../../src/measured-boot/index.js'
import type { BuiltEvent } from '../../../src/testing/index.js'
import { all, linuxOf, section, sha256, systemdLog, without } from './boots.js'

const uki = [
  ...section('.linux', 'kernel'),
  ...section('.osrel', 'ID=x'),
  ...section('.cmdline', 'quiet'),
  ...section('.initrd', 'initrd'),
  ...section('.uname', '6.1'),
]
const word = (string: string) => ({ pcr: 11, string })
const labelled = (label: string, content: string): BuiltEvent => ({
  pcr: 11,
  type: eventTypes.EV_IPL,
  data: label,
  digestOf: content,
})

describe('a unified kernel image', () => {
  test('has sections with names and digests', () => {
    const { sections, strangers } = linuxOf(uki).uki
    expect(sections).toMatchObject({ verified: true })
    expect(sections.verified && sections.value.map(({ name, event }) => [name, event])).toEqual([
      ['.linux', 2],
      ['.osrel', 4],
      ['.cmdline', 6],
      ['.initrd', 8],
      ['.uname', 10],
    ])
    expect(sections.verified && sections.value[2]?.digest).toEqual(sha256('quiet'))
    expect(strangers).toEqual([])
  })

  test('gives kernel and initial file system their digests', () => {
    const { kernel, initrd, findings } = linuxOf(uki)
    const object = { event: 2, pcr: 11, digest: sha256('kernel'), label: '.linux' }
    expect(kernel).toEqual({ verified: true, event: 2, value: object })
    expect(initrd).toMatchObject({ verified: true, event: 8, value: [{ digest: sha256('initrd') }] })
    expect(findings).toEqual([])
  })

  test('is none when nothing is in PCR 11', () => {
    expect(linuxOf([]).uki.sections).toEqual({ verified: true, value: [] })
    expect(linuxOf([]).uki.phases).toEqual({ verified: true, value: [] })
  })

  test('is a hint while PCR 11 is not proved', () => {
    const { uki: found, kernel, initrd } = linuxOf(uki, without(11))
    expect(found.sections).toMatchObject({ verified: false, hint: { length: 5 } })
    expect(kernel).toMatchObject({ verified: false, hint: { event: 2 } })
    expect(initrd).toMatchObject({ verified: false, hint: [{ event: 8 }] })
  })

  test('T-14: is told by digests and by no label', () => {
    const relabelled = uki.map((event) => ({
      ...event,
      type: eventTypes.EV_EFI_ACTION,
      data: 'something else',
    }))
    expect(linuxOf(relabelled).uki.sections).toEqual(linuxOf(uki).uki.sections)
    const forged = [labelled('.linux', 'x'), labelled('.linux', 'another kernel')]
    expect(linuxOf(forged).uki.sections).toMatchObject({ verified: false, hint: [] })
  })

  test.each<[string, readonly BuiltEvent[], number]>([
    ['out of order', [...uki, ...section('.osrel', 'ID=y')], 11],
    ['twice', [...section('.linux', 'kernel'), ...section('.linux', 'other')], 3],
    ['without contents', [...uki, ...section('.sbat', 'x').slice(0, 1)], 11],
    ['of signatures, which are not measured', [...uki, ...section('.pcrsig', 'x')], 11],
    ['that is unknown', [...uki, ...section('.other', 'x')], 11],
    ['after something else', [labelled('x', 'x'), ...uki], 1],
    ['after a phase', [labelled('x', 'enter-initrd'), ...uki], 2],
  ])('a section %s makes all of it doubtful', (_, events, stranger) => {
    const { uki: found, findings } = linuxOf(events)
    expect(found.sections).toMatchObject({ verified: false })
    expect(found.phases).toMatchObject({ verified: false })
    expect(found.strangers).toEqual([stranger])
    expect(findings).toContainEqual(expect.objectContaining({ code: 'event-unknown', event: stranger }))
  })

  test('a section whose contents are the name of a section is one', () => {
    const { sections } = linuxOf([...section('.linux', '.osrel\0'), ...section('.osrel', 'x')]).uki
    expect(sections.verified && sections.value.map(({ name }) => name)).toEqual(['.linux', '.osrel'])
  })
})

describe('phases', () => {
  const phases = ['enter-initrd', 'leave-initrd', 'sysinit', 'ready', 'shutdown', 'final']

  test('come from the log of systemd', () => {
    const { uki: found } = linuxOf(uki, all, [systemdLog(...phases.map(word))])
    expect(found.phases).toEqual({ verified: true, value: phases })
    expect(found.sections).toMatchObject({ verified: true, value: { length: 5 } })
  })

  test('are hints while PCR 11 is not proved', () => {
    const { uki: found } = linuxOf(uki, without(11), [systemdLog(word('enter-initrd'))])
    expect(found.phases).toMatchObject({ verified: false, hint: ['enter-initrd'] })
  })

  test.each([
    ['another word', [word('enter-initrd'), word('hacked')]],
    ['a section', [word('enter-initrd'), word('.profile\0'), word('x')]],
    ['a section before them', [word('.pcrpkey'), word('x'), word('enter-initrd')]],
  ])('%s makes all of it doubtful', (_, words) => {
    const { uki: found } = linuxOf(uki, all, [systemdLog(...words)])
    expect(found.phases).toMatchObject({ verified: false })
    expect(found.sections).toMatchObject({ verified: false, hint: { length: 5 } })
  })

  test('a section that the operating system adds in the right place counts, as nothing tells it from the stub', () => {
    // Whoever may extend PCR 11 before the first phase is the initial file system; the kernel image is still the same.
    const { uki: found } = linuxOf(uki, all, [systemdLog(word('.pcrpkey\0'), word('key'))])
    expect(found.sections).toMatchObject({ verified: true, value: { length: 6 } })
  })
})
