import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type BootRecording, bootNames, loadBoot } from '../../../../test/recordings/load.js'
import { concatBytes, toHex, utf8 } from '../../src/bytes/index.js'
import { JudgedLogs, type PcrValues, type QuoteEvidence, verifyQuote } from '../../src/evidence/index.js'
import { parseImaLog } from '../../src/measured-boot/index.js'
import { eventLog, imaList } from '../../src/testing/index.js'
import { attestOver, evidenceOf, selectionOf } from './software-quote.js'

const sha256Of = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  )

const failuresOf = (evidence: QuoteEvidence) => {
  const verdict = verifyQuote(evidence)
  return verdict.trusted ? [] : verdict.failures.map(({ check }) => check)
}

function recorded(boot: BootRecording, change: Partial<QuoteEvidence> = {}): QuoteEvidence {
  const [quote] = boot.quotes
  if (quote === undefined) throw new Error(`${boot.name} has no quote`)
  return {
    message: quote.message,
    signature: quote.signature,
    attestationKey: boot.attestationKeys[quote.key],
    nonce: boot.nonce,
    pcrs: [{ bank: quote.bank, values: boot.pcrs[quote.bank] }],
    eventLog: boot.eventLog,
    imaLog: boot.imaLog,
    ...change,
  }
}

describe('the list of IMA', () => {
  it.each(bootNames)('of %s is proved to its end, and is of that boot', (name) => {
    const boot = loadBoot(name)
    const verdict = verifyQuote(recorded(boot))
    expect(verdict).toMatchObject({ trusted: true })
    if (!verdict.trusted) return
    const { events } = parseImaLog(boot.imaLog)
    expect(verdict.facts.ima?.count).toBe(events.length)
    expect(
      verdict.checks.filter(({ id }) => id.startsWith('ima-log.')).map(({ id, outcome }) => [id, outcome]),
    ).toEqual([
      ['ima-log.structure', 'pass'],
      ['ima-log.replay', 'pass'],
      ['ima-log.boot-aggregate', 'pass'],
    ])
  })

  it('of another boot is refused', () => {
    const [one, other] = [loadBoot('boot-ima'), loadBoot('boot-ima-sig')]
    expect(failuresOf(recorded(one, { imaLog: other.imaLog }))).toContain('ima-log.replay')
  })

  it('is refused when it is malformed, or ends before the quote', () => {
    const boot = loadBoot('boot-ima')
    const log = parseImaLog(boot.imaLog)
    const last = log.events.at(-1)?.offset ?? 0
    expect(failuresOf(recorded(boot, { imaLog: boot.imaLog.subarray(0, last) }))).toEqual(['ima-log.replay'])
    expect(failuresOf(recorded(boot, { imaLog: boot.imaLog.subarray(0, last + 3) }))).toEqual([
      'ima-log.structure',
    ])
    expect(failuresOf(recorded(boot, { imaLog: new Uint8Array() }))).not.toEqual([])
  })

  const list = imaList({ banks: ['sha256', 'sha384'] })
    .bootAggregate()
    .file('/bin/a')
    .file('/bin/b')
    .build()
  const values = (bank: 'sha256' | 'sha384', value: Uint8Array): PcrValues => ({
    bank,
    values: new Map([[10, value]]),
  })
  const quoting = (pcrs: readonly PcrValues[]): QuoteEvidence =>
    evidenceOf(attestOver(pcrs), { pcrs, selection: selectionOf(pcrs), imaLog: list.binary })

  it('that went on after the quote is proved up to it', () => {
    const verdict = verifyQuote(quoting([values('sha256', list.steps[2] as Uint8Array)]))
    expect(verdict.trusted && verdict.facts.ima?.count).toBe(2)
    expect(verdict.trusted && verdict.facts.ima?.log.events.length).toBe(3)
  })

  it('is proved as far as every bank proves it', () => {
    const sha384 = list.pcrs.get('sha384')?.get(10) as Uint8Array
    const good = verifyQuote(
      quoting([values('sha256', list.steps[2] as Uint8Array), values('sha384', sha384)]),
    )
    expect(good.trusted && good.facts.ima?.count).toBe(2)
    const bad = quoting([
      values('sha256', list.steps[2] as Uint8Array),
      values(
        'sha384',
        sha384.map((b) => b ^ 1),
      ),
    ])
    expect(failuresOf(bad)).toEqual(['ima-log.replay'])
  })

  it('is refused where PCR 10 is not quoted, not given, or has its first value', () => {
    const elsewhere = [{ bank: 'sha256', values: new Map([[11, new Uint8Array(32)]]) }]
    expect(failuresOf(quoting(elsewhere))).toEqual(['ima-log.replay'])
    const { pcrs: _, ...without } = quoting(elsewhere)
    expect(failuresOf(without)).toEqual(['ima-log.replay'])
    expect(failuresOf(quoting([values('sha256', new Uint8Array(32))]))).toEqual(['ima-log.replay'])
  })

  describe('with entries that name another PCR', () => {
    const boot = loadBoot('boot-ima')
    const firmware = new Map([...boot.pcrs.sha256].slice(0, 10))
    const aggregate = sha256Of(...firmware.values())
    const judge = (built: ReturnType<ReturnType<typeof imaList>['build']>) => {
      const value = built.pcrs.get('sha256')?.get(10) as Uint8Array
      const pcrs = [{ bank: 'sha256', values: new Map([...firmware, [10, value]]) }]
      const imaLog = built.binary
      return verifyQuote(evidenceOf(attestOver(pcrs), { pcrs, selection: selectionOf(pcrs), imaLog }))
    }

    it('T-39: proves none of them', () => {
      const lie = imaList().bootAggregate(aggregate).file('/bin/never-ran', { pcr: 11 }).file('/bin/a')
      const verdict = judge(lie.build())
      expect(verdict.trusted && verdict.facts.ima?.count).toBe(3)
      expect(verdict.trusted && verdict.facts.ima?.proved().map(({ path }) => path)).toEqual([
        'boot_aggregate',
        '/bin/a',
      ])
      expect(verdict.checks.map(({ reason }) => reason)).toContain(
        'PCR 10 of sha256 proves the first 3 of 3 entries but 1, which name another PCR',
      )
    })

    it('T-39: takes none of them for the boot aggregate', () => {
      const fields = [concatBytes(utf8('sha256:\0'), aggregate), 'boot_aggregate\0']
      const forged = { pcr: 11, template: 'ima-ng', fields }
      const lie = imaList().entry(forged).bootAggregate(new Uint8Array(32).fill(1)).file('/bin/a')
      expect(judge(lie.build())).toMatchObject({
        trusted: false,
        failures: [{ check: 'ima-log.boot-aggregate' }],
      })
    })
  })

  it('whose boot aggregate is of other PCRs is refused', () => {
    const boot = loadBoot('boot-ima')
    const aggregate = imaList().bootAggregate(new Uint8Array(32).fill(1)).build()
    const pcrs = [{ bank: 'sha256', values: new Map([...boot.pcrs.sha256].slice(0, 10)) }]
    pcrs[0]?.values.set(10, aggregate.pcrs.get('sha256')?.get(10) as Uint8Array)
    const evidence = evidenceOf(attestOver(pcrs), {
      pcrs,
      selection: selectionOf(pcrs),
      imaLog: aggregate.binary,
    })
    expect(failuresOf(evidence)).toEqual(['ima-log.boot-aggregate'])
  })
})

describe('systemd\u2019s log', () => {
  const sha256 = (...parts: Uint8Array[]) =>
    new Uint8Array(
      createHash('sha256')
        .update(concatBytes(...parts))
        .digest(),
    )
  const firmware = eventLog().specId().separator(7).build()
  const machineId = 'machine-id:0123456789abcdef0123456789abcdef'
  const record = (pcr: number, string: string, digest = sha256(utf8(string))) =>
    `\u001e${JSON.stringify({
      pcr,
      digests: [{ hashAlg: 'sha256', digest: toHex(digest) }],
      content_type: 'systemd',
      content: { string, eventType: 'machine-id' },
    })}\n`
  const systemdLog = utf8(record(15, machineId))
  const pcrs: readonly PcrValues[] = [
    {
      bank: 'sha256',
      values: new Map([
        [7, firmware.pcrs.get('sha256')?.get(7) as Uint8Array],
        [15, sha256(new Uint8Array(32), sha256(utf8(machineId)))],
      ]),
    },
  ]
  const evidence = (change: Partial<QuoteEvidence> = {}) =>
    evidenceOf(attestOver(pcrs), {
      pcrs,
      selection: selectionOf(pcrs),
      eventLog: firmware.bytes,
      systemdLog,
      ...change,
    })

  it('explains the PCRs that the firmware does not, and is verified by them', () => {
    const verdict = verifyQuote(evidence())
    expect(verdict.trusted && verdict.facts.systemd?.machineId).toMatchObject({
      verified: true,
      value: machineId.slice('machine-id:'.length),
    })
  })

  it('proves nothing when it was not given, although the quote is good', () => {
    const { systemdLog: _, ...without } = evidence()
    const verdict = verifyQuote(without)
    expect(verdict.trusted && verdict.facts.systemd).toBeUndefined()
  })

  it('is refused when it says otherwise, is cut off, or comes alone', () => {
    expect(failuresOf(evidence({ systemdLog: utf8(record(15, 'something else')) }))).toEqual([
      'event-log.replay',
    ])
    expect(failuresOf(evidence({ systemdLog: systemdLog.subarray(0, -1) }))).toEqual([
      'systemd-log.structure',
    ])
    const { eventLog: _, ...alone } = evidence()
    expect(failuresOf(alone)).toEqual(['systemd-log.structure'])
  })

  it('is read although the firmware\u2019s log beside it is known', () => {
    const judgedLogs = new JudgedLogs()
    const { systemdLog: _, ...without } = evidence({ judgedLogs })
    expect(verifyQuote(without).trusted).toBe(true)
    expect(failuresOf(evidence({ judgedLogs, systemdLog: utf8('no log') }))).toEqual([
      'systemd-log.structure',
    ])
    const verdict = verifyQuote(evidence({ judgedLogs }))
    expect(verdict.trusted && verdict.facts.systemd?.machineId.verified).toBe(true)
    expect(verifyQuote(without)).toMatchObject({ trusted: true, facts: { systemd: undefined } })
  })

  it('proves no text that its digest does not cover', () => {
    const verdict = verifyQuote(
      evidence({
        systemdLog: utf8(record(15, 'machine-id:ffffffffffffffffffffffffffffffff', sha256(utf8(machineId)))),
      }),
    )
    expect(verdict.trusted && verdict.facts.systemd?.machineId.verified).toBe(false)
  })
})
