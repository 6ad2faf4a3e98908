import { describe, expect, test } from 'vitest'
import { bootNames, loadBoot, recordedBanks } from '../../../../../test/recordings/load.js'
import { bootFacts, compareLog, type LinuxBoot, parseEventLog } from '../../../src/measured-boot/index.js'

function linuxOf(name: (typeof bootNames)[number], bank: (typeof recordedBanks)[number]): LinuxBoot {
  const boot = loadBoot(name)
  const log = parseEventLog(boot.eventLog)
  const { matching, untouched } = compareLog(log, bank, boot.pcrs[bank])
  return bootFacts(log, bank, [...matching, ...untouched]).linux
}

describe.each(bootNames)('%s', (name) => {
  const { commandLine: recorded } = loadBoot(name)

  test.each(recordedBanks)('has the command line that the kernel was started with, %s', (bank) => {
    const { commandLine } = linuxOf(name, bank)
    expect(commandLine).toMatchObject({ verified: true, value: { parameters: recorded } })
  })

  test('has a kernel and an initial file system', () => {
    const { kernel, initrd, images } = linuxOf(name, 'sha256')
    const image = name === 'boot-uki'
    expect(kernel).toMatchObject(image ? { verified: true } : { hint: { label: '/vmlinuz', pcr: 9 } })
    expect(initrd).toMatchObject(image ? { verified: true } : { hint: [{ label: '/initrd.gz', pcr: 9 }] })
    expect(images).toMatchObject({ verified: true })
  })

  test('has what is found known by labels, or added', () => {
    const codes = linuxOf(name, 'sha256').findings.map(({ code }) => code)
    expect(codes).toEqual(
      name === 'boot-uki'
        ? ['configuration-added', 'extension-added']
        : ['kernel-by-label', 'initrd-by-label'],
    )
  })
})

test('shim measured itself where it ran', () => {
  const { shim } = linuxOf('boot-secure', 'sha256')
  expect(shim.verifies).toEqual({ verified: true, value: true })
  expect(shim.sbatLevel).toMatchObject({
    verified: true,
    value: [
      { component: 'sbat' },
      { component: 'shim', generation: 4 },
      { component: 'grub', generation: 5 },
    ],
  })
  expect(shim.mokList).toMatchObject({ verified: true, value: { signatures: { length: 1 } } })
  expect(shim.mokListX).toMatchObject({ verified: false, hint: { signatures: undefined } })
  expect(linuxOf('boot-insecure', 'sha256').shim.verifies).toMatchObject({ verified: true, value: true })
  expect(linuxOf('boot-uki', 'sha256').shim.verifies).toMatchObject({ verified: false, hint: undefined })
})

test('a kernel that is measured twice is one image', () => {
  const { images } = linuxOf('boot-secure', 'sha256')
  expect(images.verified && images.value.map(({ events }) => events.length)).toEqual([1, 1, 2])
})

test('the kernel confirms the command line of the unified kernel image', () => {
  const { commandLine, efiStub } = linuxOf('boot-uki', 'sha256')
  expect(commandLine.verified && commandLine.value.confirmedBy).toBe(efiStub.loadOptions?.event)
})
