import { describe, expect, test } from 'vitest'
import { type BootName, bootNames, loadBoot, recordedBanks } from '../../../../test/recordings/load.js'
import { decode } from '../../src/codec/index.js'
import {
  bootFacts,
  compareLog,
  compareLogs,
  describeEvent,
  parseEventLog,
  parseImaLog,
  replayEventLog,
} from '../../src/measured-boot/index.js'
import { pcrDigest, tpmsAttest } from '../../src/tpm2/index.js'

/** The kernel's own, which IMA logs. */
const imaPcr = 10
/** What shim, GRUB and the firmware log. */
const grub = { pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14], events: 100, loader: 'grub' }
/** What systemd's loaders, the kernel's own stub and the firmware log. */
const uki = { pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13], events: 40, loader: 'systemd' }

/** `changed`: PCRs in which a boot differs from `boot-secure`, at least: packages may be newer too. */
const expected: Record<BootName, typeof grub & { readonly changed: readonly number[] }> = {
  'boot-secure': { ...grub, changed: [] },
  'boot-insecure': { ...grub, changed: [7] },
  'boot-debug': { ...grub, changed: [8, 9] },
  'boot-kernel': { ...grub, changed: [4, 9] },
  'boot-grub': { ...grub, changed: [8, 9] },
  'boot-uki': { ...uki, changed: [4, 7, 8, 9, 11, 12, 13, 14] },
  'boot-ima': { ...grub, changed: [8, 9, imaPcr] },
  'boot-ima-sig': { ...grub, changed: [8, 9, imaPcr] },
}

describe.each(bootNames)('%s', (name) => {
  const boot = loadBoot(name)
  const log = parseEventLog(boot.eventLog)
  const { pcrs: logged, events, loader, changed } = expected[name]
  const untouched = [...boot.pcrs.sha1.keys()].filter((pcr) => pcr !== imaPcr && !logged.includes(pcr))

  test('is a crypto-agile log with the banks of the TPM', () => {
    expect(log.format).toBe('crypto-agile')
    expect(log.algorithms).toEqual(recordedBanks)
    expect(log.events.length).toBeGreaterThanOrEqual(events)
    expect(log.padding).toBe(0)
    expect(log.specId?.specVersion).toEqual({ major: 2, minor: 0, errata: 0 })
  })

  test.each(recordedBanks)('replays to the PCRs that the kernel reported, %s', (bank) => {
    const replayed = replayEventLog(log, bank)
    for (const pcr of logged) expect(replayed.get(pcr)).toEqual(boot.pcrs[bank].get(pcr))
    const comparison = compareLog(log, bank, boot.pcrs[bank])
    expect(comparison).toEqual({ matching: logged, differing: [], unlogged: [imaPcr], untouched })
  })

  // Into the other two banks the recorded kernels extend SHA-1 with zeros after it.
  test.each(['sha1', 'sha256'] as const)('replays with the kernel list to all PCRs, %s', (bank) => {
    const list = parseImaLog(boot.imaLog)
    const comparison = compareLogs([log, list], bank, boot.pcrs[bank])
    const matching = [...logged, imaPcr].sort((a, b) => a - b)
    expect(comparison).toEqual({ matching, differing: [], unlogged: [], untouched })
  })

  test('the quotes are over what the log replays to', () => {
    for (const { bank, pcrs, message } of boot.quotes) {
      const replayed = replayEventLog(log, bank)
      const values = pcrs.map(
        (pcr) => (pcr === imaPcr ? boot.pcrs[bank] : replayed).get(pcr) ?? new Uint8Array(0),
      )
      const attest = decode(tpmsAttest, message)
      expect(attest.type === 'quote' && attest.attested.pcrDigest).toEqual(pcrDigest('sha256', values))
    }
  })

  test.each(recordedBanks)('tells what booted, %s', (bank) => {
    const { matching } = compareLog(log, bank, boot.pcrs[bank])
    const facts = bootFacts(log, bank, matching)
    expect(facts.secureBoot.enabled).toMatchObject({ verified: true, value: boot.secureBoot })
    expect(facts.separators.map(({ state }) => state)).toEqual(Array(8).fill('present'))
    expect(facts.unknownEvents).toEqual([])
    expect(facts.linux.commandLine).toMatchObject({
      verified: true,
      value: { source: loader, parameters: boot.commandLine },
    })
  })

  test('is described without control characters', () => {
    for (const event of log.events) expect(describeEvent(event)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  })

  test.each(recordedBanks)('differs from the approved boot where it should, %s', (bank) => {
    const approved = loadBoot('boot-secure').pcrs[bank]
    const differing = [...approved].flatMap(([pcr, value]) =>
      Buffer.from(value).equals(boot.pcrs[bank].get(pcr) ?? value) ? [] : [pcr],
    )
    expect(differing).toEqual(expect.arrayContaining([...changed]))
  })
})

describe('boot-uki', () => {
  const { eventLog, pcrs } = loadBoot('boot-uki')
  const log = parseEventLog(eventLog)

  test.each(recordedBanks)('shows the sections of the kernel image and what was added to it, %s', (bank) => {
    const { linux } = bootFacts(log, bank, compareLog(log, bank, pcrs[bank]).matching)
    expect(linux.uki.sections.verified && linux.uki.sections.value.map(({ name }) => name)).toEqual([
      '.linux',
      '.osrel',
      '.cmdline',
      '.initrd',
      '.pcrpkey',
    ])
    expect(linux.configuration).toMatchObject({
      verified: true,
      value: [{ kind: 'options' }, { kind: 'credentials' }],
    })
    expect(linux.extensions).toMatchObject({ verified: true, value: [{ kind: 'system-extensions' }] })
  })
})
