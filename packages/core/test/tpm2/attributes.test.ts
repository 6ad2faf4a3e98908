import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { type Codec, decode, encode } from '../../src/codec/index.js'
import {
  nvAttributes,
  type TpmaLocality,
  type TpmaNv,
  tpmaAct,
  tpmaAlgorithm,
  tpmaCc,
  tpmaLocality,
  tpmaNv,
  tpmaPermanent,
  tpmaStartupClear,
} from '../../src/tpm2/index.js'
import { bothWays, codeOf } from '../codec/expectations.js'

describe('TPMA_NV', () => {
  bothWays<TpmaNv>(tpmaNv, [
    [nvAttributes('ordinary'), '00000000'],
    [nvAttributes('counter', 'ownerWrite', 'ownerRead'), '00020012'],
    [nvAttributes('bits', 'ppWrite', 'ppRead'), '00010021'],
    [nvAttributes('extend', 'authWrite', 'authRead'), '00040044'],
    [nvAttributes('pinFail', 'policyWrite', 'policyRead', 'noDA'), '02080088'],
    [nvAttributes('pinPass', 'policyDelete', 'platformCreate'), '40000490'],
    [nvAttributes('ordinary', 'writeLocked', 'writeAll', 'writeDefine', 'writeStClear'), '00007800'],
    [nvAttributes('ordinary', 'globalLock', 'orderly', 'clearStClear'), '0c008000'],
    [nvAttributes('ordinary', 'readLocked', 'written', 'readStClear'), 'b0000000'],
  ])

  it('has a name for every bit and type that is not reserved, and refuses the others', () => {
    const free = [...Array(32).keys()].filter((bit) => {
      const word = fromHex((2 ** bit).toString(16).padStart(8, '0'))
      try {
        expect(encode(tpmaNv, decode(tpmaNv, word))).toEqual(word)
        return true
      } catch {
        return false
      }
    })
    expect(free).toEqual([...Array(8).keys(), ...range(10, 20), ...range(25, 32)])
    for (let nt = 0; nt < 16; nt++) {
      const word = Uint8Array.of(0, 0, 0, nt << 4)
      if ([0, 1, 2, 4, 8, 9].includes(nt)) expect(encode(tpmaNv, decode(tpmaNv, word))).toEqual(word)
      else {
        const refused = codeOf('CODEC_VALUE', { expected: 'a value of TPMA_NV.nt' })
        expect(() => decode(tpmaNv, word)).toThrow(refused)
      }
    }
  })

  it('does not write a type that is none', () => {
    const wrong = { ...nvAttributes('ordinary'), nt: 'other' as 'ordinary' }
    expect(() => encode(tpmaNv, wrong)).toThrow(codeOf('CODEC_RANGE'))
    expect(() => encode(tpmaNv, { ...wrong, nt: 'toString' as 'ordinary' })).toThrow(codeOf('CODEC_RANGE'))
  })
})

describe('TPMA_CC', () => {
  const none = { nv: false, extensive: false, flushed: false, cHandles: 0, rHandle: false, v: false }
  bothWays(tpmaCc, [
    [{ ...none, commandIndex: 0x11f, nv: true, cHandles: 2 }, '0440011f'],
    [{ ...none, commandIndex: 0x165, flushed: true }, '01000165'],
    [{ ...none, commandIndex: 0x131, rHandle: true, cHandles: 1 }, '12000131'],
    [{ ...none, commandIndex: 0xffff, extensive: true, cHandles: 7, v: true }, '2e80ffff'],
  ])

  it('refuses reserved bits, and numbers that do not fit', () => {
    for (const hex of ['00010000', '00200000', '40000000', '80000000']) {
      expect(() => decode(tpmaCc, fromHex(hex))).toThrow(codeOf('CODEC_VALUE'))
    }
    for (const cHandles of [8, -1, 0.5, Number.NaN, undefined as unknown as number]) {
      expect(() => encode(tpmaCc, { ...none, commandIndex: 0, cHandles })).toThrow(codeOf('CODEC_RANGE'))
    }
  })
})

describe('TPMA_LOCALITY', () => {
  bothWays<TpmaLocality>(tpmaLocality, [
    [[], '00'],
    [[0], '01'],
    [[1, 3], '0a'],
    [[0, 1, 2, 3, 4], '1f'],
    [[32], '20'],
    [[255], 'ff'],
  ])

  it.each([[[5]], [[31]], [[256]], [[1, 0]], [[0, 0]], [[0, 32]], [[32, 33]], [[-1]], [[0.5]]])(
    'does not write %o',
    (localities) => {
      expect(() => encode(tpmaLocality, localities)).toThrow(codeOf('CODEC_RANGE'))
    },
  )
})

describe.each<[string, Codec<unknown>, number]>([
  ['TPMA_ALGORITHM', tpmaAlgorithm as Codec<unknown>, 0x0000_070f],
  ['TPMA_ACT', tpmaAct as Codec<unknown>, 0x0000_0003],
  ['TPMA_PERMANENT', tpmaPermanent as Codec<unknown>, 0x0000_0707],
  ['TPMA_STARTUP_CLEAR', tpmaStartupClear as Codec<unknown>, 0x8000_000f],
])('%s', (_name, codec, known) => {
  it('has a flag for every bit that is not reserved, and refuses the others', () => {
    for (let bit = 0; bit < 32; bit++) {
      const word = fromHex((2 ** bit).toString(16).padStart(8, '0'))
      if (((known >>> bit) & 1) === 1) expect(toHex(encode(codec, decode(codec, word)))).toBe(toHex(word))
      else expect(() => decode(codec, word)).toThrow(codeOf('CODEC_VALUE'))
    }
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
