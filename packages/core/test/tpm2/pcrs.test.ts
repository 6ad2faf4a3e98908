import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  equalPcrSelections,
  type HashAlgorithm,
  hashFacts,
  pcrDigest,
  toBankSelections,
  toPcrSelection,
  tpmsAttest,
  tpmsPcrSelect,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { recorded } from './recorded.js'

describe('PCR digests', () => {
  it.each(recorded.quotes)(
    'of a quote ($scheme) are those of the values',
    ({ scheme, message, pcrValues }) => {
      const attest = decode(tpmsAttest, fromHex(message))
      if (attest.type !== 'quote') throw new Error('no quote')
      const all = fromHex(pcrValues)
      const values: Uint8Array[] = []
      let offset = 0
      for (const { hash, pcrs } of attest.attested.pcrSelect) {
        for (const _ of pcrs) {
          values.push(all.subarray(offset, offset + hashFacts(hash).size))
          offset += hashFacts(hash).size
        }
      }
      expect(offset).toBe(all.length)
      const hash = recorded.keys.find((key) => key.scheme === scheme)?.hash as HashAlgorithm
      expect(toHex(attest.attested.pcrDigest)).toBe(toHex(pcrDigest(hash, values)))
      expect(toHex(pcrDigest(hash, [...values].reverse()))).not.toBe(toHex(attest.attested.pcrDigest))
    },
  )

  it('are those of nothing for no values', () => {
    expect(toHex(pcrDigest('sha256', []))).toBe(createHash('sha256').digest('hex'))
  })
})

describe('selections', () => {
  const banks = [
    { bank: 'sha384', pcrs: [0, 23] },
    { bank: 'sha1', pcrs: [] },
  ]

  it('go to the wire and come back', () => {
    expect(toPcrSelection(banks)).toEqual([
      { hash: 'sha384', sizeofSelect: 3, pcrs: [0, 23] },
      { hash: 'sha1', sizeofSelect: 3, pcrs: [] },
    ])
    expect(toBankSelections(toPcrSelection(banks, 4))).toEqual(banks)
  })

  it('are refused when PCRs do not ascend or do not fit, and for banks that are none', () => {
    for (const pcrs of [[1, 0], [3, 3], [24], [-1], [1.5]]) {
      expect(() => toPcrSelection([{ bank: 'sha256', pcrs }])).toThrow(codeOf('ARGUMENT_INVALID'))
    }
    expect(() => toPcrSelection([{ bank: 'md5', pcrs: [0] }])).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED'))
    expect(toPcrSelection([{ bank: 'sha256', pcrs: [24] }], 4)).toHaveLength(1)
  })

  it('are refused when they have more octets than a TPM can have PCRs', () => {
    const large = { sizeofSelect: 33, pcrs: [] }
    expect(() => encode(tpmsPcrSelect, large)).toThrow(/expected at most 32/)
    expect(encode(tpmsPcrSelect, { ...large, sizeofSelect: 32 })).toHaveLength(33)
  })

  it('are equal in bank, PCRs and order, or not at all', () => {
    expect(equalPcrSelections(banks, structuredClone(banks))).toBe(true)
    expect(equalPcrSelections([], [])).toBe(true)
    const others = [
      [],
      banks.slice(1),
      banks.toReversed(),
      [...banks, { bank: 'sha1', pcrs: [] }],
      [{ bank: 'sha256', pcrs: [0, 23] }, banks[1] as (typeof banks)[number]],
      [{ bank: 'sha384', pcrs: [0] }, banks[1] as (typeof banks)[number]],
      [{ bank: 'sha384', pcrs: [0, 22] }, banks[1] as (typeof banks)[number]],
      [{ bank: 'sha384', pcrs: [0, 22, 23] }, banks[1] as (typeof banks)[number]],
    ]
    for (const other of others) {
      expect(equalPcrSelections(banks, other)).toBe(false)
      expect(equalPcrSelections(other, banks)).toBe(false)
    }
  })
})
