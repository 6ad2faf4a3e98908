import { describe, expect, test } from 'vitest'
import { bootNames, loadBoot, recordedBanks } from '../../../../test/recordings/load.js'
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

/** What firmware, shim and GRUB log; 10 is the kernel's own, which IMA logs. */
const grubPcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]
/** What firmware, systemd-boot and systemd-stub log. */
const imagePcrs = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13]
const imaPcr = 10
const allPcrs = Array.from({ length: 24 }, (_, pcr) => pcr)

describe.each(bootNames)('%s', (name) => {
  const boot = loadBoot(name)
  const log = parseEventLog(boot.eventLog)
  const logged = name === 'boot-uki' ? imagePcrs : grubPcrs
  const untouched = allPcrs.filter((pcr) => pcr !== imaPcr && !logged.includes(pcr))

  test('is a crypto-agile log with the banks of the TPM', () => {
    expect(log.format).toBe('crypto-agile')
    expect(log.algorithms).toEqual(recordedBanks)
    expect(log.events.length).toBeGreaterThanOrEqual(name === 'boot-uki' ? 40 : 100)
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
        (pcr) => (pcr === 10 ? boot.pcrs[bank] : replayed).get(pcr) ?? new Uint8Array(0),
      )
      const attest = decode(tpmsAttest, message)
      expect(attest.type === 'quote' && attest.attested.pcrDigest).toEqual(pcrDigest('sha256', values))
    }
  })

  test.each(recordedBanks)('tells whether Secure Boot was on, %s', (bank) => {
    const { matching } = compareLog(log, bank, boot.pcrs[bank])
    const facts = bootFacts(log, bank, matching)
    expect(facts.secureBoot.enabled).toMatchObject({ verified: true, value: boot.secureBoot })
    expect(facts.separators.map(({ state }) => state)).toEqual(Array(8).fill('present'))
    expect(facts.unknownEvents).toEqual([])
  })

  test('shows what booted', () => {
    const texts = log.events.map(describeEvent)
    const said = name === 'boot-uki' ? '.cmdline' : `/vmlinuz ${boot.commandLine}`
    expect(texts.some((text) => text.includes(said))).toBe(true)
    for (const text of texts) expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  })
})
