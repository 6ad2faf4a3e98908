import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes, fromHex, toHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import { type ContextDocument, contextDocument, documentHead, isPcrBank } from '../../src/protocol/index.js'
import { thrownBy } from '../jose/thrown.js'

const fill = (length: number, value: number) => new Uint8Array(length).fill(value)

/** Each document with its bytes, written out by hand. */
const golden: Readonly<Record<ContextDocument['kind'], { document: ContextDocument; hex: string }>> = {
  hello: {
    document: {
      ...documentHead,
      kind: 'hello',
      attestationKey: Uint8Array.of(1, 2, 3),
      bindingKeyThumbprint: fill(32, 0xaa),
    },
    hex: `54484c44 01 01 0003 010203 ${'aa'.repeat(32)}`,
  },
  challenge: {
    document: {
      ...documentHead,
      kind: 'challenge',
      credentialBlob: Uint8Array.of(4),
      encryptedSecret: Uint8Array.of(5, 6),
      nonce: fill(32, 0xbb),
      selection: [
        { bank: 'sha256', pcrs: [0, 1, 7, 23] },
        { bank: 'sha384', pcrs: [] },
      ],
      state: Uint8Array.of(7),
      expiresAt: 1_800_000_060_000n,
    },
    hex: `54484c44 01 02 0001 04 0002 0506 ${'bb'.repeat(32)} 02 000b 04 00010717 000c 00 0001 07 000001a3185d3a60`,
  },
  evidence: {
    document: {
      ...documentHead,
      kind: 'evidence',
      state: Uint8Array.of(8),
      message: Uint8Array.of(9),
      signature: Uint8Array.of(10),
      pcrs: [
        { bank: 'sha1', values: [{ pcr: 0, digest: fill(20, 1) }] },
        { bank: 'sha512', values: [] },
      ],
      eventLog: Uint8Array.of(11, 12),
    },
    hex: `54484c44 01 03 0001 08 0001 09 0001 0a 02 0004 01 00 14 ${'01'.repeat(20)} 000d 00 00000002 0b0c`,
  },
  'evidence-with-logs': {
    document: {
      ...documentHead,
      kind: 'evidence-with-logs',
      state: Uint8Array.of(8),
      message: Uint8Array.of(9),
      signature: Uint8Array.of(10),
      pcrs: [{ bank: 'sha256', values: [] }],
      eventLog: Uint8Array.of(11, 12),
      imaLog: Uint8Array.of(13),
      systemdLog: Uint8Array.of(14, 15, 16),
    },
    hex: '54484c44 01 04 0001 08 0001 09 0001 0a 01 000b 00 00000002 0b0c 00000001 0d 00000003 0e0f10',
  },
}
const bytesOf = (hex: string) => fromHex(hex.replaceAll(' ', ''))
const codeOf = (bytes: Uint8Array) => thrownBy(() => decode(contextDocument, bytes)).code

describe.each(Object.entries(golden))('a document of kind %s', (_, { document, hex }) => {
  const bytes = bytesOf(hex)

  it('has pinned bytes, both ways', () => {
    expect(toHex(encode(contextDocument, document))).toBe(toHex(bytes))
    expect(decode(contextDocument, bytes)).toEqual(document)
  })

  it('is refused when it ends early, at every byte', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(bytes.subarray(0, length))).toBe('CODEC_UNDERFLOW')
    }
  })

  it('is refused with a byte more', () => {
    expect(codeOf(Uint8Array.of(...bytes, 0))).toBe('CODEC_TRAILING')
  })

  it('is refused with another magic, version or kind', () => {
    for (const [at, value] of [
      [0, 0x55],
      [3, 0],
      [4, 0],
      [4, 2],
      [5, 0],
      [5, 5],
    ] as const) {
      expect(codeOf(bytes.with(at, value))).toBe('CODEC_VALUE')
    }
  })

  it('is never read as another kind', () => {
    for (const kind of [1, 2, 3, 4]) {
      if (bytes[5] !== kind)
        expect(isTrustholdError(thrownBy(() => decode(contextDocument, bytes.with(5, kind))))).toBe(true)
    }
  })

  it('is refused, or reads as exactly its own bytes, whatever is changed', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = bytes.with(at, value)
        try {
          expect(encode(contextDocument, decode(contextDocument, changed))).toEqual(changed)
        } catch (error) {
          if (!isTrustholdError(error)) throw error
          expect(error.code).toMatch(/^CODEC_/)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('limits', () => {
  const { hello, challenge, evidence, 'evidence-with-logs': withLogs } = golden
  const writes = (document: object) => {
    const bytes = encode(contextDocument, document as ContextDocument)
    // Compared as bytes: a matcher takes seconds for a large array.
    expect(equalBytes(encode(contextDocument, decode(contextDocument, bytes)), bytes)).toBe(true)
  }
  const refuses = (document: object) =>
    expect(thrownBy(() => encode(contextDocument, document as ContextDocument)).code).toBe('CODEC_RANGE')

  it.each([
    ['attestationKey', 4_096, hello],
    ['credentialBlob', 4_096, challenge],
    ['encryptedSecret', 4_096, challenge],
    ['state', 16_384, challenge],
    ['message', 4_096, evidence],
    ['signature', 4_096, evidence],
    ['eventLog', 1_048_576, evidence],
    ['eventLog', 1_048_576, withLogs],
    ['imaLog', 4_194_304, withLogs],
    ['systemdLog', 524_288, withLogs],
  ])('%s has at most %i bytes', (name, limit, { document }) => {
    writes({ ...document, [name]: fill(limit, 1) })
    refuses({ ...document, [name]: fill(limit + 1, 1) })
  })

  it.each([
    ['bindingKeyThumbprint', hello],
    ['nonce', challenge],
  ])('%s has 32 bytes', (name, { document }) => {
    for (const length of [0, 31, 33]) refuses({ ...document, [name]: fill(length, 1) })
  })

  it('holds the limits when reading, too, before it takes what a length promises', () => {
    const head = bytesOf('54484c44 01 03 0001 08 0001 09 0001 0a 00')
    expect(codeOf(Uint8Array.of(...head, 0x00, 0x10, 0x00, 0x01))).toBe('CODEC_LIMIT')
    expect(codeOf(Uint8Array.of(...head, 0xff, 0xff, 0xff, 0xff))).toBe('CODEC_LIMIT')
    expect(codeOf(Uint8Array.of(...head, 0x00, 0x10, 0x00, 0x00))).toBe('CODEC_UNDERFLOW')
    expect(codeOf(bytesOf('54484c44 01 01 1001'))).toBe('CODEC_LIMIT')
  })

  const bank = (pcrs: readonly number[]) => ({ bank: 'sha256' as const, pcrs })
  const all = Array.from({ length: 24 }, (_, i) => i)

  it('selects at most four banks', () => {
    const banks = ['sha1', 'sha256', 'sha384', 'sha512'].map((name) => ({ bank: name, pcrs: all }))
    writes({ ...challenge.document, selection: banks })
    refuses({ ...challenge.document, selection: [...banks, bank([0])] })
  })

  it.each([
    ['24', [24]],
    ['descending', [1, 0]],
    ['twice', [0, 0]],
    ['one too many', [...all, 24]],
    ['negative', [-1]],
    ['not whole', [0.5]],
  ])('refuses PCRs that are %s in a selection', (_, pcrs) => {
    refuses({ ...challenge.document, selection: [bank(pcrs)] })
  })

  it('refuses such PCRs also when reading, with the place', () => {
    const start = `54484c44 01 02 0000 0000 ${'bb'.repeat(32)} 01 000b`
    for (const pcrs of ['01 18', '02 0100', '02 0000']) {
      const error = thrownBy(() => decode(contextDocument, bytesOf(`${start} ${pcrs} 0000 0000000000000000`)))
      expect(error.context).toMatchObject({
        path: 'CONTEXT_DOCUMENT.selection[0].pcrs',
        expected: 'ascending PCRs below 24',
      })
    }
    expect(codeOf(bytesOf(`${start} 19`))).toBe('CODEC_LIMIT')
  })

  it('gives values for at most 24 PCRs of four banks, of at most 64 bytes', () => {
    const value = (pcr: number, length = 32) => ({ pcr, digest: fill(length, pcr) })
    const pcrs = (values: object[], count = 1) => ({
      ...evidence.document,
      pcrs: Array.from({ length: count }, () => ({ bank: 'sha256', values })),
    })
    writes(
      pcrs(
        all.map((pcr) => value(pcr, 64)),
        4,
      ),
    )
    refuses(pcrs([], 5))
    refuses(pcrs([...all, 24].map((pcr) => value(pcr))))
    refuses(pcrs([value(0, 65)]))
    refuses(pcrs([value(256)]))
  })

  it('times have 64 bits', () => {
    writes({ ...challenge.document, expiresAt: 2n ** 64n - 1n })
    refuses({ ...challenge.document, expiresAt: 2n ** 64n })
    refuses({ ...challenge.document, expiresAt: -1n })
  })

  it('knows four banks by name, and no inherited one', () => {
    expect(['sha1', 'sha256', 'sha384', 'sha512'].every(isPcrBank)).toBe(true)
    expect(['sha3-256', 'sm3_256', 'SHA256', '', 'constructor', '__proto__'].some(isPcrBank)).toBe(false)
    refuses({ ...challenge.document, selection: [{ bank: 'constructor', pcrs: [] }] })
  })
})

describe('any bytes', () => {
  it('are refused with a codec error, or are exactly what the document is written as', () => {
    const start = fc.constantFrom(
      '',
      '54484c44',
      '54484c440101',
      '54484c440102',
      '54484c440103',
      '54484c440104',
    )
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (head, tail) => {
        const bytes = Uint8Array.of(...fromHex(head), ...tail)
        try {
          expect(encode(contextDocument, decode(contextDocument, bytes))).toEqual(bytes)
        } catch (error) {
          if (!isTrustholdError(error)) throw error
          expect(error.code).toMatch(/^CODEC_/)
        }
      }),
      { numRuns: 500 },
    )
  })
})
