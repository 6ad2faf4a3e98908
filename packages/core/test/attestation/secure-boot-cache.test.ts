import { expect, test } from 'vitest'
import { SecureBootCache } from '../../src/attestation/secure-boot-cache.js'
import type { PcrValues, QuoteFacts } from '../../src/evidence/index.js'
import { doubtedFact, type Fact, provedFact } from '../../src/measured-boot/fact.js'

const pcr7 = (bank: string, byte: number): PcrValues => ({
  bank,
  values: new Map([[7, new Uint8Array(4).fill(byte)]]),
})
const facts = (enforced: Fact<boolean>, ...pcrs: readonly PcrValues[]): QuoteFacts =>
  ({ pcrs, boot: { secureBoot: { enforced } } }) as unknown as QuoteFacts
const doubted = doubtedFact<boolean>('nothing covers it', true)

test('what one host proved holds for the same values in every bank, and for no others', () => {
  const cache = new SecureBootCache()
  expect(cache.of(facts(doubted, pcr7('sha384', 1), pcr7('sha256', 2)))).toBeUndefined()
  expect(cache.of(facts(provedFact(true), pcr7('sha384', 1), pcr7('sha256', 2)))).toBe(true)
  expect(cache.of(facts(doubted, pcr7('sha384', 1), pcr7('sha256', 2)))).toBe(true)
  // T-13: the first bank is one that the firmware left alone, and root filled it with what others have.
  expect(cache.of(facts(doubted, pcr7('sha384', 1), pcr7('sha256', 3)))).toBeUndefined()
  expect(cache.of(facts(doubted, pcr7('sha384', 1)))).toBeUndefined()
  expect(cache.of(facts(doubted, pcr7('sha256', 1), pcr7('sha256', 2)))).toBeUndefined()
})

test('without a value of PCR 7 in the first bank nothing is known', () => {
  const cache = new SecureBootCache()
  const empty = { bank: 'sha256', values: new Map<number, Uint8Array>() }
  expect(cache.of(facts(provedFact(true), empty, pcr7('sha384', 1)))).toBeUndefined()
  expect(cache.of(facts(provedFact(true)))).toBeUndefined()
})

test('without a log nothing is known', () => {
  const withoutLog = { pcrs: [pcr7('sha256', 1)] } as unknown as QuoteFacts
  expect(new SecureBootCache().of(withoutLog)).toBeUndefined()
})
