import { describe, expect, test } from 'vitest'
import { type BootName, bootNames, loadBoot, recordedBanks } from '../../../../test/recordings/load.js'
import { decode } from '../../src/codec/index.js'
import {
  bootFacts,
  compareLog,
  describeEvent,
  parseEventLog,
  replayEventLog,
} from '../../src/measured-boot/index.js'
import { pcrDigest, tpmsAttest } from '../../src/tpm2/index.js'

/** What shim, GRUB and the firmware log; 10 is the kernel's own, which IMA logs. */
const loggedPcrs: Record<BootName, number[]> = {
  'boot-secure': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14],
  'boot-insecure': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14],
  'boot-debug': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14],
}

describe.each(bootNames)('%s', (name) => {
  const boot = loadBoot(name)
  const log = parseEventLog(boot.eventLog)

  test('is a crypto-agile log with the banks of the TPM', () => {
    expect(log.format).toBe('crypto-agile')
    expect(log.algorithms).toEqual(recordedBanks)
    expect(log.events.length).toBeGreaterThanOrEqual(100)
    expect(log.padding).toBe(0)
    expect(log.specId?.specVersion).toEqual({ major: 2, minor: 0, errata: 0 })
  })

  test.each(recordedBanks)('replays to the PCRs that the kernel reported, %s', (bank) => {
    const replayed = replayEventLog(log, bank)
    for (const pcr of loggedPcrs[name]) expect(replayed.get(pcr)).toEqual(boot.pcrs[bank].get(pcr))
    const comparison = compareLog(log, bank, boot.pcrs[bank])
    expect(comparison.matching).toEqual(loggedPcrs[name])
    expect(comparison.differing).toEqual([])
    expect(comparison.unlogged).toEqual([10])
    expect(comparison.untouched).toEqual([11, 12, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23])
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

  test('shows the kernel command line', () => {
    const texts = log.events.map(describeEvent)
    expect(texts).toContain(`EV_IPL 'grub_cmd: linuxefi /vmlinuz ${boot.commandLine}'`)
    for (const text of texts) expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  })
})
