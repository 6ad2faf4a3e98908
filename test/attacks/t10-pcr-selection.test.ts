import type { EvidenceDocument } from '@trusthold/core/protocol'
import { pcrDigest } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootPcrs, imagePcrs } from './approved-boot.js'
import type { Lies, QuoteAttest } from './forged-host.js'
import { createRig, type Rig, refusedBy } from './rig.js'

let rig: Rig
beforeAll(async () => {
  rig = await createRig()
})
afterAll(() => rig.close())

type Selection = QuoteAttest['attested']['pcrSelect']
type Sent = EvidenceDocument['pcrs']
type Bank = Sent[number]['bank']

const entry = (pcrs: readonly number[], hash: Bank = 'sha256'): Selection[number] => ({
  hash,
  sizeofSelect: 3,
  pcrs,
})
const valuesOf = (pcrs: readonly number[], bank: Bank = 'sha256'): Sent[number] => ({
  bank,
  values: pcrs.map((pcr) => ({ pcr, digest: bootPcrs(bank).get(pcr) ?? new Uint8Array() })),
})

/** A quote that is consistent in itself, over another selection than the one that was asked for. */
const quoting = (pcrSelect: Selection, pcrs: Sent): Lies => ({
  attest: (honest) => ({
    ...honest,
    attested: {
      pcrSelect,
      pcrDigest: pcrDigest(
        'sha256',
        pcrs.flatMap(({ values }) => values.map(({ digest }) => digest)),
      ),
    },
  }),
  evidence: (honest) => ({ ...honest, pcrs }),
})

const without = imagePcrs.filter((pcr) => pcr !== 4)
const extra = [...imagePcrs, 11]

describe('T-10 the signed selection is the one that is judged', () => {
  const selections: readonly (readonly [string, Selection, Sent])[] = [
    ['empty', [], []],
    ['a bank without PCRs', [entry([])], [valuesOf([])]],
    ['a PCR missing', [entry(without)], [valuesOf(without)]],
    ['a PCR more', [entry(extra)], [valuesOf(extra)]],
    ['another bank', [entry(imagePcrs, 'sha1')], [valuesOf(imagePcrs, 'sha1')]],
    [
      'a second bank',
      [entry(imagePcrs), entry(imagePcrs, 'sha1')],
      [valuesOf(imagePcrs), valuesOf(imagePcrs, 'sha1')],
    ],
    [
      'a second bank first',
      [entry([0], 'sha1'), entry(imagePcrs)],
      [valuesOf([0], 'sha1'), valuesOf(imagePcrs)],
    ],
    ['the bank twice', [entry(imagePcrs), entry(imagePcrs)], [valuesOf(imagePcrs), valuesOf(imagePcrs)]],
    [
      'the bank in two parts',
      [entry([0, 1, 2, 3]), entry([4, 5, 6, 7, 8, 9])],
      [valuesOf([0, 1, 2, 3]), valuesOf([4, 5, 6, 7, 8, 9])],
    ],
  ]
  test.each(selections)('%s is refused', async (_, selection, sent) => {
    expect(await refusedBy(rig.attest(quoting(selection, sent)))).toEqual(['quote.selection'])
  })

  const values: readonly (readonly [string, (honest: Sent) => Sent])[] = [
    ['none', () => []],
    ['one missing', () => [valuesOf(without)]],
    ['one more', () => [valuesOf(extra)]],
    ['in another order', (honest) => honest.map(({ bank, values: v }) => ({ bank, values: v.toReversed() }))],
    [
      'one twice',
      (honest) => honest.map(({ bank, values: v }) => ({ bank, values: [...v, ...v.slice(0, 1)] })),
    ],
    ['of another bank', () => [valuesOf(imagePcrs, 'sha1')]],
    ['of a second bank as well', (honest) => [...honest, valuesOf([0], 'sha1')]],
    [
      'with one value changed',
      (honest) =>
        honest.map(({ bank, values: v }) => ({
          bank,
          values: v.with(3, { pcr: 3, digest: new Uint8Array(32) }),
        })),
    ],
    [
      'with two values swapped',
      (honest) =>
        honest.map(({ bank, values: v }) => ({
          bank,
          values: v.map(({ pcr }, i) => ({
            pcr,
            digest: v[i === 0 ? 4 : i === 4 ? 0 : i]?.digest ?? new Uint8Array(),
          })),
        })),
    ],
    [
      'with a short value',
      (honest) =>
        honest.map(({ bank, values: v }) => ({
          bank,
          values: v.with(0, { pcr: 0, digest: new Uint8Array(31) }),
        })),
    ],
  ]
  test.each(values)('PCR values %s are refused', async (_, change) => {
    const refused = await refusedBy(
      rig.attest({ evidence: (honest) => ({ ...honest, pcrs: change(honest.pcrs) }) }),
    )
    expect(refused).toEqual(['quote.pcr-digest'])
  })

  test('values whose borders are moved are refused although the digest over them is the same', async () => {
    const moved = (honest: EvidenceDocument): EvidenceDocument => ({
      ...honest,
      pcrs: honest.pcrs.map(({ bank, values: v }) => {
        const [first, second, ...others] = v
        if (first === undefined || second === undefined) throw new Error('too few PCRs')
        const digest = Uint8Array.of(...first.digest, ...second.digest.subarray(0, 1))
        return {
          bank,
          values: [{ pcr: 0, digest }, { pcr: 1, digest: second.digest.subarray(1) }, ...others],
        }
      }),
    })
    expect(await refusedBy(rig.attest({ evidence: moved }))).not.toEqual([])
  })
})
