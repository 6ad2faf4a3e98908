import {
  compareLog,
  eventTypes,
  findLogFindings,
  findPcrFindings,
  parseEventLog,
} from '@trusthold/core/measured-boot'
import { eventLog } from '@trusthold/core/testing'
import type { HashAlgorithm } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../recordings/load.js'
import { bootLog, bootPcrs } from './approved-boot.js'
import type { Lies } from './forged-host.js'
import { createRig, refusedBy } from './rig.js'

/** What refuses a host that tells these lies. */
async function judge(lies: Lies): Promise<string[]> {
  const rig = await createRig()
  try {
    return await refusedBy(rig.attest(lies))
  } finally {
    await rig.close()
  }
}

const present = (log: Uint8Array): Lies => ({ evidence: (honest) => ({ ...honest, eventLog: log }) })

/** The approved boot's events with the digests of these banks only, under a header that declares those. */
function rewriteLog(declared: readonly HashAlgorithm[], kept: readonly HashAlgorithm[]): Uint8Array {
  const builder = eventLog({ banks: declared }).specId()
  for (const { pcr, type, data, digests } of parseEventLog(bootLog()).events.slice(1)) {
    const own = Object.fromEntries([...digests].filter(([bank]) => kept.includes(bank)))
    builder.event({ pcr, type, data, digests: own })
  }
  return builder.build().bytes
}

const firmware = [0, 1, 2, 3, 4, 5, 6, 7]
const filled = (fill: number) => new Uint8Array(32).fill(fill)

describe('T-13 a bank says nothing without its digests', () => {
  test('rewriting the log changes nothing by itself', async () => {
    expect(await judge(present(rewriteLog(['sha1', 'sha256'], ['sha1', 'sha256'])))).toEqual([])
  })

  test('a log that lacks the quoted bank', async () => {
    expect(await judge(present(rewriteLog(['sha1'], ['sha1'])))).toEqual(['event-log.replay'])
  })

  test('a log that declares the quoted bank, and has no digests of it', async () => {
    const log = rewriteLog(['sha1', 'sha256'], ['sha1'])
    expect(await judge(present(log))).toEqual(['event-log.replay'])
    expect(findLogFindings(parseEventLog(log))).toMatchObject([{ code: 'unextended-bank' }])
  })

  test('a log of SHA-1 in the old format', async () => {
    const builder = eventLog({ format: 'sha1' })
    for (const { pcr, type, data, digests } of parseEventLog(bootLog()).events.slice(1)) {
      builder.event({ pcr, type, data, digests: Object.fromEntries(digests) })
    }
    const log = builder.build().bytes
    expect(await judge(present(log))).toEqual(['event-log.replay'])
    const { matching } = compareLog(parseEventLog(log), 'sha1', loadBoot('boot-secure').pcrs.sha1)
    expect(matching).toEqual([...firmware, 8, 9, 14])
  })

  test.each([4, 7, 8])('a log in which one event of PCR %i lacks its digest', async (pcr) => {
    const builder = eventLog({ banks: ['sha1', 'sha256'] }).specId()
    let left = 1
    for (const { pcr: own, type, data, digests } of parseEventLog(bootLog()).events.slice(1)) {
      const cut = own === pcr && left-- > 0 ? { sha1: digests.get('sha1') } : Object.fromEntries(digests)
      builder.event({ pcr: own, type, data, digests: cut as Partial<Record<HashAlgorithm, Uint8Array>> })
    }
    expect(await judge(present(builder.build().bytes))).toEqual(['event-log.replay'])
  })

  test('an added event without a digest claims nothing: its PCR is not proved any more', async () => {
    const data = 'grub_cmd: linux /vmlinuz lockdown=confidentiality'
    const claim = eventLog().event({ pcr: 8, type: eventTypes.EV_IPL, data, digests: {} }).build().bytes
    expect(await judge(present(Buffer.concat([bootLog(), claim])))).toEqual(['event-log.replay'])
  })
})

describe('T-13 PCRs that are blank', () => {
  test.each([0x00, 0xff])('a bank that the firmware does not extend, all %i', async (fill) => {
    const lies: Lies = { pcr: (_, pcr, honest) => (pcr <= 7 ? filled(fill) : honest) }
    expect(await judge(lies)).toEqual(['event-log.replay'])
    const values = new Map(firmware.map((pcr) => [pcr, filled(fill)]))
    const findings = findPcrFindings(parseEventLog(bootLog()), [{ bank: 'sha256', values }])
    expect(findings).toMatchObject([{ code: 'bank-unextended' }])
  })

  test.each(firmware)('PCR %i, with a log that has nothing for it', async (blank) => {
    const builder = eventLog({ banks: ['sha256'] }).specId()
    for (const { pcr, type, data, digests } of parseEventLog(bootLog()).events.slice(1)) {
      if (pcr !== blank) builder.event({ pcr, type, data, digests: Object.fromEntries(digests) })
    }
    const log = builder.build().bytes
    const lies: Lies = {
      ...present(log),
      pcr: (_, pcr, honest) => (pcr === blank ? filled(0) : honest),
    }
    expect(await judge(lies)).toEqual(['event-log.firmware'])
    const values = new Map([[blank, filled(0)]])
    const [found] = findPcrFindings(parseEventLog(log), [{ bank: 'sha256', values }])
    expect(found?.code).toBe('bank-unextended')
    expect(findLogFindings(parseEventLog(log))).toMatchObject([{ code: 'missing-separator' }])
  })
})

test('T-13 a bank that the log leaves out can be filled by anyone, and is named', () => {
  // The log has SHA-256 alone; whoever runs later extends SHA-384 with the measurements of an approved boot.
  const log = parseEventLog(rewriteLog(['sha256'], ['sha256']))
  const banks = [
    { bank: 'sha256', values: bootPcrs('sha256') },
    { bank: 'sha384', values: bootPcrs('sha384') },
  ]
  expect(findPcrFindings(log, banks)).toMatchObject([{ code: 'bank-unlogged', bank: 'sha384' }])
  expect(() => compareLog(log, 'sha384', bootPcrs('sha384'))).toThrow(/expected digests for sha384/)
})
