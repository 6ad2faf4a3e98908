import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/bytes/index.js'
import { JudgedLogs, type PcrValues, verifyQuote } from '../../src/evidence/index.js'
import { eventLog } from '../../src/testing/index.js'
import { attestOver, evidenceOf } from './software-quote.js'

function bootOf(kernel: string) {
  const built = eventLog()
    .specId()
    .variable('SecureBoot', Uint8Array.of(1))
    .separator(7)
    .event({ pcr: 4, type: 0x8000_0003, data: 'a description', digestOf: kernel })
    .build()
  const values = built.pcrs.get('sha256') as ReadonlyMap<number, Uint8Array>
  const pcrs: PcrValues[] = [
    { bank: 'sha256', values: new Map([...values].filter(([pcr]) => pcr === 4 || pcr === 7)) },
  ]
  return { bytes: built.bytes, pcrs }
}

const boot = bootOf('kernel')
const other = bootOf('another kernel')

it('nothing is known of a log that is not given', () => {
  const pcrs = [{ bank: 'sha256', values: new Map([[7, new Uint8Array(32).fill(1)]]) }]
  const selection = [{ bank: 'sha256', pcrs: [7] }]
  const evidence = evidenceOf(attestOver(pcrs), { selection, pcrs, judgedLogs: new JudgedLogs() })
  expect(verifyQuote(evidence)).toMatchObject({ trusted: true, facts: { eventLog: undefined } })
})

function judge(judgedLogs: JudgedLogs, bytes: Uint8Array, pcrs: readonly PcrValues[]) {
  const selection = pcrs.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] }))
  return verifyQuote(evidenceOf(attestOver(pcrs), { selection, pcrs, eventLog: bytes, judgedLogs }))
}

const facts = (verdict: ReturnType<typeof judge>) => (verdict.trusted ? verdict.facts : undefined)

describe('a log that was judged before', () => {
  it('is not judged again, and gives the same verdict', () => {
    const logs = new JudgedLogs()
    const first = judge(logs, boot.bytes, boot.pcrs)
    const second = judge(logs, boot.bytes.slice(), boot.pcrs)
    expect(second.checks).toEqual(first.checks)
    expect(facts(second)?.boot).toEqual(facts(first)?.boot)
    // Remembered: not only an equal log, but the same.
    expect(facts(second)?.eventLog).toBe(facts(first)?.eventLog)
    expect(facts(second)?.boot?.secureBoot.enabled).toMatchObject({ verified: true })
  })

  it('is another one when a byte differs, also one that no digest covers', () => {
    const logs = new JudgedLogs()
    judge(logs, boot.bytes, boot.pcrs)
    const changed = boot.bytes.slice()
    changed.set([0x61], changed.length - 1)
    const verdict = judge(logs, changed, boot.pcrs)
    expect(facts(verdict)?.eventLog?.events.at(-1)?.data.at(-1)).toBe(0x61)
  })

  it('proves nothing for other PCR values', () => {
    const logs = new JudgedLogs()
    judge(logs, boot.bytes, boot.pcrs)
    expect(judge(logs, boot.bytes, other.pcrs)).toMatchObject({
      trusted: false,
      failures: [{ check: 'event-log.replay' }],
    })
  })

  it('proves nothing for values that the quote does not have', () => {
    const logs = new JudgedLogs()
    judge(logs, boot.bytes, boot.pcrs)
    const lie = evidenceOf(attestOver(other.pcrs), {
      selection: [{ bank: 'sha256', pcrs: [4, 7] }],
      pcrs: boot.pcrs,
      eventLog: boot.bytes,
      judgedLogs: logs,
    })
    expect(verifyQuote(lie)).toMatchObject({ trusted: false, failures: [{ check: 'quote.pcr-digest' }] })
  })

  it('is found only under its digest, its values, its order and its bytes', () => {
    const logs = new JudgedLogs()
    const digest = attestOver(boot.pcrs).attested.pcrDigest
    const verdict = judge(logs, boot.bytes, boot.pcrs)
    const [bank] = boot.pcrs as [PcrValues]
    const known = facts(verdict)?.eventLog
    expect(logs.find(digest, boot.bytes, boot.pcrs)?.log).toBe(known)
    expect(
      logs.find(
        digest.map((byte) => byte ^ 1),
        boot.bytes,
        boot.pcrs,
      ),
    ).toBeUndefined()
    expect(
      logs.find(
        digest,
        boot.bytes.map((byte) => byte ^ 1),
        boot.pcrs,
      ),
    ).toBeUndefined()
    expect(logs.find(digest, concatBytes(boot.bytes, Uint8Array.of(0)), boot.pcrs)).toBeUndefined()
    for (const pcrs of [
      other.pcrs,
      [],
      [bank, bank],
      [{ ...bank, bank: 'sha384' }],
      [{ ...bank, values: new Map([...bank.values].reverse()) }],
      [{ ...bank, values: new Map([...bank.values].slice(1)) }],
      [{ ...bank, values: new Map([...bank.values].slice(0, -1)) }],
      [{ ...bank, values: new Map([...bank.values, [9, new Uint8Array(32)]]) }],
      [{ ...bank, values: new Map([...bank.values].map(([pcr, value]) => [pcr + 1, value])) }],
    ]) {
      expect(logs.find(digest, boot.bytes, pcrs)).toBeUndefined()
    }
  })

  it('stays as it was when the caller uses his bytes again', () => {
    const logs = new JudgedLogs()
    const bytes = boot.bytes.slice()
    judge(logs, bytes, boot.pcrs)
    bytes.fill(0xff)
    expect(facts(judge(logs, boot.bytes, boot.pcrs))?.boot?.secureBoot.enabled).toMatchObject({
      verified: true,
    })
    expect(judge(logs, bytes, boot.pcrs).trusted).toBe(false)
  })
})

describe('what is remembered', () => {
  const isKnown = (logs: JudgedLogs, { bytes, pcrs }: typeof boot) =>
    logs.find(attestOver(pcrs).attested.pcrDigest, bytes, pcrs) !== undefined

  it('is only what passed', () => {
    const logs = new JudgedLogs()
    expect(judge(logs, other.bytes, boot.pcrs).trusted).toBe(false)
    expect(isKnown(logs, { bytes: other.bytes, pcrs: boot.pcrs })).toBe(false)
  })

  it('keeps to the limit, and the oldest goes first', () => {
    const logs = new JudgedLogs(boot.bytes.length + other.bytes.length)
    const third = bootOf('third')
    for (const { bytes, pcrs } of [boot, other]) judge(logs, bytes, pcrs)
    expect([boot, other].map((one) => isKnown(logs, one))).toEqual([true, true])
    judge(logs, third.bytes, third.pcrs)
    expect([boot, other, third].map((one) => isKnown(logs, one))).toEqual([false, true, true])
    // Again, which must not count its bytes twice.
    judge(logs, third.bytes, third.pcrs)
    expect([boot, other, third].map((one) => isKnown(logs, one))).toEqual([false, true, true])
  })

  it('is a number of logs, however short they are', () => {
    const logs = new JudgedLogs(undefined, 2)
    const third = bootOf('third')
    for (const { bytes, pcrs } of [boot, other, third]) judge(logs, bytes, pcrs)
    expect([boot, other, third].map((one) => isKnown(logs, one))).toEqual([false, true, true])
    const none = new JudgedLogs(undefined, 0)
    judge(none, boot.bytes, boot.pcrs)
    expect(isKnown(none, boot)).toBe(false)
  })

  it('is not a log that is larger than the limit', () => {
    const logs = new JudgedLogs(boot.bytes.length - 1)
    expect(judge(logs, boot.bytes, boot.pcrs).trusted).toBe(true)
    expect(isKnown(logs, boot)).toBe(false)
  })
})
