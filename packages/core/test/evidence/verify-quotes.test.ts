import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/codec/index.js'
import {
  type PcrValues,
  type QuotePart,
  type QuotesEvidence,
  verifyQuote,
  verifyQuotes,
} from '../../src/evidence/index.js'
import { parseEventLog } from '../../src/measured-boot/index.js'
import { eventLog } from '../../src/testing/index.js'
import { tpmsAttest } from '../../src/tpm2/index.js'
import {
  attestOver,
  nonce,
  type QuoteAttest,
  signerName,
  signMessage,
  softwareKey,
} from './software-quote.js'

const built = eventLog({ banks: ['sha256', 'sha384'] })
  .specId()
  .variable('SecureBoot', Uint8Array.of(1))
  .separator(7)
  .event({ pcr: 4, type: 0x8000_0003, data: 'a kernel' })
  .build()

const valuesOf = (bank: 'sha256' | 'sha384'): PcrValues => {
  const values = [...(built.pcrs.get(bank) as ReadonlyMap<number, Uint8Array>)]
  return { bank, values: new Map(values.filter(([pcr]) => pcr === 4 || pcr === 7)) }
}

function quote(pcrs: PcrValues, change: Partial<QuoteAttest> = {}): QuotePart {
  const message = encode(tpmsAttest, { ...attestOver([pcrs]), ...change })
  return { message, signature: signMessage(message), pcrs: [pcrs] }
}

const evidence = (quotes: readonly QuotePart[], change: Partial<QuotesEvidence> = {}): QuotesEvidence => ({
  quotes,
  attestationKey: softwareKey.publicArea,
  nonce,
  qualifiedNames: [signerName],
  eventLog: built.bytes,
  ...change,
})
const failuresOf = (given: QuotesEvidence) => {
  const verdict = verifyQuotes(given)
  return verdict.trusted ? [] : verdict.failures.map(({ check }) => check)
}

const first = quote(valuesOf('sha256'))
const second = quote(valuesOf('sha384'))
const { clockInfo } = attestOver([valuesOf('sha256')])

describe('several quotes', () => {
  it('over several banks are judged together', () => {
    const verdict = verifyQuotes(evidence([first, second], { hierarchy: 'endorsement' }))
    expect(verdict).toMatchObject({
      trusted: true,
      facts: { pcrs: [valuesOf('sha256'), valuesOf('sha384')] },
    })
    if (!verdict.trusted) return
    expect(verdict.facts.quotes.map(({ obfuscated }) => obfuscated)).toEqual([false, false])
    expect(verdict.facts.eventLog?.events).toHaveLength(4)
    expect(verdict.facts.boot?.secureBoot.enabled).toMatchObject({ verified: true, value: true })
    const signatures = verdict.checks.filter(({ id }) => id === 'quote.signature')
    expect(signatures.map(({ reason }) => reason.slice(0, 13))).toEqual(['quote 1 of 2:', 'quote 2 of 2:'])
  })

  it('may be one, and may not be none', () => {
    expect(failuresOf(evidence([first]))).toEqual([])
    expect(failuresOf(evidence([]))).toEqual(['quotes.one-boot'])
  })

  it('need no log', () => {
    const verdict = verifyQuotes({
      quotes: [first, second],
      attestationKey: softwareKey.publicArea,
      nonce,
    })
    expect(verdict.trusted && verdict.facts.boot).toBeUndefined()
    expect(verdict.trusted && verdict.facts.quotes.map(({ obfuscated }) => obfuscated)).toEqual([
      undefined,
      undefined,
    ])
  })

  it.each<[string, readonly QuotePart[], readonly string[]]>([
    ['name a bank twice', [first, first], ['quotes.banks']],
    [
      'are of two boots',
      [first, quote(valuesOf('sha384'), { clockInfo: { ...clockInfo, resetCount: 3 } })],
      ['quotes.one-boot'],
    ],
    [
      'have a sleep between them',
      [first, quote(valuesOf('sha384'), { clockInfo: { ...clockInfo, restartCount: 4 } })],
      ['quotes.one-boot'],
    ],
    [
      'go back in time',
      [first, quote(valuesOf('sha384'), { clockInfo: { ...clockInfo, clock: 999n } })],
      ['quotes.one-boot'],
    ],
    [
      'are of two firmwares',
      [first, quote(valuesOf('sha384'), { firmwareVersion: 5n })],
      ['quotes.one-boot'],
    ],
    [
      'have one for another challenge',
      [first, quote(valuesOf('sha384'), { extraData: new Uint8Array(32) })],
      ['quote.nonce'],
    ],
    [
      'have one with a bad signature',
      [first, { ...second, signature: first.signature }],
      ['quote.signature'],
    ],
    ['have values of each other', [first, { ...second, pcrs: [valuesOf('sha256')] }], ['quote.pcr-digest']],
  ])('are refused when they %s', (_, quotes, expected) => {
    expect(failuresOf(evidence(quotes))).toEqual(expected)
  })

  it('are refused when the log replays in one bank alone', () => {
    const values = new Map(
      [...valuesOf('sha384').values].map(([pcr, value]) => [pcr, value.map((b) => b ^ 1)]),
    )
    expect(failuresOf(evidence([first, quote({ bank: 'sha384', values })]))).toEqual(['event-log.replay'])
  })
})

describe('T-13: a bank that the firmware left alone, filled by root', () => {
  const variable = (value: number): Uint8Array => {
    const { data } =
      parseEventLog(eventLog().specId().variable('SecureBoot', Uint8Array.of(value)).build().bytes)
        .events[1] ?? {}
    return data as Uint8Array
  }
  const hash = (bank: string, data: Uint8Array) => Uint8Array.from(createHash(bank).update(data).digest())
  const lie = eventLog({ banks: ['sha256', 'sha384'] })
    .specId()
    .event({
      pcr: 7,
      type: 0x8000_0001,
      data: variable(1),
      digests: { sha256: hash('sha256', variable(0)), sha384: hash('sha384', variable(1)) },
    })
    .separator(7)
    .separator(4)
    .build()
  const values = (bank: 'sha256' | 'sha384'): PcrValues => {
    const all = [...(lie.pcrs.get(bank) as ReadonlyMap<number, Uint8Array>)]
    return { bank, values: new Map(all.filter(([pcr]) => pcr === 4 || pcr === 7)) }
  }
  const banks = [values('sha384'), values('sha256')]

  it('proves nothing that the other bank does not, with a quote of each', () => {
    const quotes = banks.map((bank) => quote(bank))
    for (const order of [quotes, quotes.toReversed()]) {
      const verdict = verifyQuotes(evidence(order, { eventLog: lie.bytes }))
      expect(verdict.trusted && verdict.facts.boot?.secureBoot.enabled).toMatchObject({ verified: false })
    }
  })

  it('proves nothing that the other bank does not, with one quote of both', () => {
    for (const pcrs of [banks, banks.toReversed()]) {
      const message = encode(tpmsAttest, attestOver(pcrs))
      const { quotes: _, ...shared } = evidence([], { eventLog: lie.bytes })
      const verdict = verifyQuote({ ...shared, message, signature: signMessage(message), pcrs })
      expect(verdict.trusted && verdict.facts.boot?.secureBoot.enabled).toMatchObject({ verified: false })
    }
  })

  it('is not contradicted by PCRs that the other bank does not prove', () => {
    const other = { bank: 'sha256', values: new Map([...values('sha256').values].slice(0, 1)) }
    const verdict = verifyQuotes(evidence([quote(values('sha384')), quote(other)], { eventLog: lie.bytes }))
    expect(verdict.trusted && verdict.facts.boot?.secureBoot.enabled).toMatchObject({ verified: true })
  })
})

describe('a firmware PCR without any extension', () => {
  it.each([0, 6])('is refused beside the log: PCR %i', (pcr) => {
    const [values] = [valuesOf('sha256')]
    const pcrs: PcrValues = {
      ...values,
      values: new Map([...values.values, [pcr, new Uint8Array(32)] as const].sort(([a], [b]) => a - b)),
    }
    expect(failuresOf(evidence([quote(pcrs)]))).toEqual(['event-log.firmware'])
    // Without a log nothing is said about the boot.
    const { eventLog: _, ...withoutLog } = evidence([quote(pcrs)])
    expect(failuresOf(withoutLog)).toEqual([])
  })

  it('is no matter in a PCR of the operating system', () => {
    const values = valuesOf('sha256')
    const pcrs = { ...values, values: new Map([...values.values, [16, new Uint8Array(32)] as const]) }
    expect(failuresOf(evidence([quote(pcrs)]))).toEqual([])
  })
})
