import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@trusthold/core/bytes'
import { parseEventLog, replayEventLog, type TcgEventLog } from '@trusthold/core/measured-boot'
import { eventLog } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootNames, loadBoot } from '../recordings/load.js'

/** What tpm2_eventlog of tpm2-tools says of a log: an implementation that has nothing in common with ours. */
interface Judgement {
  readonly events: readonly { pcr: number; type: string; digests: Record<string, string> }[]
  readonly pcrs: Record<string, Record<number, string>>
}

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-eventlog-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function judge(bytes: Uint8Array): Judgement {
  const file = join(directory, 'eventlog.bin')
  writeFileSync(file, bytes)
  const output = execFileSync('tpm2_eventlog', [file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  })
  const split = output.lastIndexOf('\npcrs:\n')
  return { events: readEvents(output.slice(0, split)), pcrs: readPcrs(output.slice(split)) }
}

function readEvents(yaml: string): Judgement['events'] {
  return yaml
    .split(/^(?= {2}PCRIndex: )/m)
    .slice(1)
    .map((text) => ({
      pcr: Number(/^ {2}PCRIndex: (\d+)$/m.exec(text)?.[1]),
      type: /^ {2}EventType: (\S+)$/m.exec(text)?.[1] ?? '',
      digests: Object.fromEntries(
        [...text.matchAll(/^ {2}- AlgorithmId: (\w+)\n {4}Digest: "([0-9a-f]+)"$/gm)].map((m) => [
          m[1],
          m[2],
        ]),
      ),
    }))
}

function readPcrs(yaml: string): Judgement['pcrs'] {
  const pcrs: Judgement['pcrs'] = {}
  let bank: Record<number, string> = {}
  for (const line of yaml.split('\n')) {
    const name = /^ {2}(\w+):$/.exec(line)?.[1]
    if (name !== undefined) {
      bank = {}
      pcrs[name] = bank
    }
    const value = /^ {4}(\d+) *: 0x([0-9a-f]+)$/.exec(line)
    if (value !== null) bank[Number(value[1])] = value[2] ?? ''
  }
  return pcrs
}

/** @param header whether the first event is the header, which tpm2_eventlog shows in another form */
function expectAgreement(log: TcgEventLog, judgement: Judgement, { header } = { header: true }): void {
  const ours = log.events.map((event) => ({
    pcr: event.pcr,
    type: event.typeName,
    digests: Object.fromEntries([...event.digests].map(([bank, digest]) => [bank, toHex(digest)])),
  }))
  const first = header ? 1 : 0
  expect(ours.slice(first)).toEqual(judgement.events.slice(first))
  expect(ours.length).toBe(judgement.events.length)
  expect(Object.keys(judgement.pcrs)).toEqual(log.algorithms)
  for (const [bank, values] of Object.entries(judgement.pcrs)) {
    const replayed = replayEventLog(log, bank)
    expect(Object.keys(values).length).toBeGreaterThan(0)
    for (const [pcr, value] of Object.entries(values)) {
      expect(`${bank}:${pcr}:${toHex(replayed.get(Number(pcr)) ?? new Uint8Array(0))}`).toBe(
        `${bank}:${pcr}:${value}`,
      )
    }
  }
}

describe('tpm2_eventlog agrees', () => {
  test.each(bootNames)('on the recorded %s: events, digests and PCRs of every bank', (name) => {
    const { eventLog: bytes } = loadBoot(name)
    expectAgreement(parseEventLog(bytes), judge(bytes))
  })

  // tpm2_eventlog 5.4 extends events without action and knows no startup locality, so it cannot judge these two. Nor does
  // it take a tail, a PCR above 23, or an event without digests.
  test('on a built log with the events that a firmware makes', () => {
    const { bytes } = eventLog({ banks: ['sha1', 'sha256', 'sha384', 'sha512'] })
      .specId({ vendorInfo: Uint8Array.of(1, 2, 3) })
      .event({ pcr: 0, type: 0x08, data: Buffer.from('v1\0', 'utf16le') })
      .variable('SecureBoot', Uint8Array.of(1))
      .separator(0)
      .separator(7)
      .event({ pcr: 4, type: 0x8000_0007, data: 'Calling EFI Application from Boot Option' })
      .build()
    expectAgreement(parseEventLog(bytes), judge(bytes))
  })

  test.each([0, 1, 0xffff_ffff])('on separators of %i in every PCR', (value) => {
    const builder = eventLog({ banks: ['sha1', 'sha256'] }).specId()
    for (let pcr = 0; pcr < 8; pcr++) builder.separator(pcr, value)
    const { bytes } = builder.build()
    expectAgreement(parseEventLog(bytes), judge(bytes))
  })

  test('on a built log in the SHA-1 format', () => {
    const builder = eventLog({ format: 'sha1' })
      .event({ pcr: 0, type: 0x08, data: Buffer.from('v1\0', 'utf16le') })
      .event({ pcr: 0, type: 0x01, data: 'POST CODE' })
      .variable('SecureBoot', Uint8Array.of(1))
      .event({ pcr: 4, type: 0x8000_0007, data: 'Calling EFI Application from Boot Option' })
    for (let pcr = 0; pcr < 8; pcr++) builder.separator(pcr)
    const { bytes, pcrs } = builder.event({ pcr: 8, type: 0x0d, data: 'grub_cmd: true' }).build()
    const log = parseEventLog(bytes)
    expect(log.format).toBe('sha1')
    const judgement = judge(bytes)
    expectAgreement(log, judgement, { header: false })
    expect(judgement.pcrs['sha1']?.[8]).toBe(toHex(pcrs.get('sha1')?.get(8) ?? new Uint8Array(0)))
  })

  test.each(bootNames)('on %s written in the SHA-1 format', (name) => {
    const builder = eventLog({ format: 'sha1' })
    for (const { pcr, type, data, digests } of parseEventLog(loadBoot(name).eventLog).events.slice(1)) {
      builder.event({ pcr, type, data, digests: Object.fromEntries(digests) })
    }
    const { bytes } = builder.build()
    expectAgreement(parseEventLog(bytes), judge(bytes), { header: false })
  })

  test('on events that leave out a bank', () => {
    const { bytes } = eventLog({ banks: ['sha1', 'sha256'] })
      .specId()
      .separator(0)
      .event({ pcr: 12, type: 0x0d, data: 'x', digests: { sha256: new Uint8Array(32).fill(7) } })
      .build()
    const log = parseEventLog(bytes)
    const { events, pcrs } = judge(bytes)
    expect(events.at(-1)?.digests).toEqual({ sha256: '07'.repeat(32) })
    expect(pcrs['sha256']?.[12]).toBe(toHex(replayEventLog(log, 'sha256').get(12) ?? new Uint8Array(0)))
    expect(pcrs['sha1']?.[12]).toBeUndefined()
    expect(replayEventLog(log, 'sha1').has(12)).toBe(false)
  })
})
