import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/bytes/index.js'
import { checkBootAggregate, computeBootAggregate, parseImaLog } from '../../../src/measured-boot/index.js'
import { imaList } from '../../../src/testing/index.js'
import type { HashAlgorithm } from '../../../src/tpm2/index.js'

const sizes = { sha1: 20, sha256: 32, sha384: 48 } as const

function valuesOf(bank: keyof typeof sizes, count = 24): ReadonlyMap<number, Uint8Array> {
  return new Map(Array.from({ length: count }, (_, pcr) => [pcr, new Uint8Array(sizes[bank]).fill(pcr + 1)]))
}

/** Over the first so many PCRs, as the kernel computes it. */
function aggregateOf(bank: keyof typeof sizes, count: number): Uint8Array {
  const hash = createHash(bank)
  for (let pcr = 0; pcr < count; pcr++) hash.update(new Uint8Array(sizes[bank]).fill(pcr + 1))
  return Uint8Array.from(hash.digest())
}

function check(
  digest: Uint8Array,
  algorithm: string,
  pcrs: ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>,
) {
  const [entry] = parseImaLog(imaList().bootAggregate(digest, algorithm).build().binary).events
  if (entry === undefined) throw new Error('the list is empty')
  return checkBootAggregate(entry, pcrs)
}

describe('boot aggregate', () => {
  test.each([
    ['sha1', 8],
    ['sha256', 10],
    ['sha256', 8],
    ['sha384', 10],
  ] as const)('of %s over %d PCRs', (bank, count) => {
    const digest = aggregateOf(bank, count)
    expect(computeBootAggregate(bank, valuesOf(bank), count)).toEqual(digest)
    const pcrs = new Map([[bank, valuesOf(bank)]])
    expect(check(digest, bank, pcrs)).toEqual({
      outcome: 'matches',
      reason: `it is over the values of PCRs 0 to ${count - 1} of ${bank}`,
    })
    const changed = new Map(valuesOf(bank)).set(count - 1, new Uint8Array(sizes[bank]))
    expect(check(digest, bank, new Map([[bank, changed]])).outcome).toBe('differs')
  })

  test('of SHA-1 is never over PCRs 8 and 9', () => {
    expect(check(aggregateOf('sha1', 10), 'sha1', new Map([['sha1', valuesOf('sha1')]])).outcome).toBe(
      'differs',
    )
  })

  test('is not decided without all of its PCRs', () => {
    const digest = aggregateOf('sha256', 10)
    expect(check(digest, 'sha256', new Map()).outcome).toBe('unknown')
    expect(check(digest, 'sha256', new Map([['sha1', valuesOf('sha1')]])).outcome).toBe('unknown')
    const nine = check(digest, 'sha256', new Map([['sha256', valuesOf('sha256', 9)]]))
    expect(nine).toEqual({
      outcome: 'unknown',
      reason: 'it is over PCRs 0 to 9 of sha256, which are not all known',
    })
    expect(check(aggregateOf('sha1', 8), 'sha1', new Map([['sha1', valuesOf('sha1', 8)]])).outcome).toBe(
      'matches',
    )
    const wrongSize = new Map(valuesOf('sha256')).set(3, new Uint8Array(20))
    expect(check(digest, 'sha256', new Map([['sha256', wrongSize]])).outcome).toBe('unknown')
  })

  test.each(['sha224', 'whirlpool'])('of %s is none that can be over PCRs', (algorithm) => {
    expect(check(new Uint8Array(28), algorithm, new Map()).outcome).toBe('differs')
  })

  test('a host without TPM has zeros in it', () => {
    expect(check(new Uint8Array(20), 'sha1', new Map([['sha1', valuesOf('sha1')]])).outcome).toBe('differs')
  })

  test('an entry of another name is none, nor is a violation', () => {
    const digest = aggregateOf('sha256', 10)
    const fields = [Uint8Array.from([...utf8('sha256:\0'), ...digest]), 'boot_aggregate_\0']
    const { binary } = imaList()
      .entry({ template: 'ima-ng', fields })
      .entry({ template: 'ima-ng', fields: [fields[0] as Uint8Array, 'boot_aggregate\0'], violation: true })
      .build()
    const pcrs = new Map([['sha256', valuesOf('sha256')]] as const)
    for (const entry of parseImaLog(binary).events) {
      expect(checkBootAggregate(entry, pcrs).outcome).toBe('differs')
    }
  })
})
