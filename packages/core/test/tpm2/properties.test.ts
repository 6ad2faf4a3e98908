import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Codec, decode, encode } from '../../src/codec/index.js'
import {
  tpmlPcrSelection,
  tpmsAttest,
  tpmsCapabilityData,
  tpmsContext,
  tpmsCreationData,
  tpmsNvPublic,
  tpmtPublic,
  tpmtSensitive,
  tpmtSignature,
  tpmtTkAuth,
} from '../../src/tpm2/index.js'
import {
  attest,
  capabilityData,
  context,
  creationData,
  nvPublic,
  pcrSelection,
  publicArea,
  sensitive,
  signature,
  ticket,
} from './arbitraries.js'

const refusal = { code: expect.stringMatching(/^CODEC_/) as unknown }

describe.each<[string, Codec<unknown>, fc.Arbitrary<unknown>]>([
  ['TPML_PCR_SELECTION', tpmlPcrSelection as Codec<unknown>, pcrSelection],
  ['TPMS_ATTEST', tpmsAttest as Codec<unknown>, attest],
  ['TPMT_SIGNATURE', tpmtSignature as Codec<unknown>, signature],
  ['TPMT_PUBLIC', tpmtPublic as Codec<unknown>, publicArea],
  ['TPMT_SENSITIVE', tpmtSensitive as Codec<unknown>, sensitive],
  ['TPMS_NV_PUBLIC', tpmsNvPublic as Codec<unknown>, nvPublic],
  ['TPMS_CREATION_DATA', tpmsCreationData as Codec<unknown>, creationData],
  ['TPMS_CONTEXT', tpmsContext as Codec<unknown>, context],
  ['TPMT_TK_AUTH', tpmtTkAuth as Codec<unknown>, ticket],
  ['TPMS_CAPABILITY_DATA', tpmsCapabilityData as Codec<unknown>, capabilityData],
])('%s', (_name, codec, values) => {
  /** Written back as they were, or refused with an error of ours. */
  const holds = (bytes: Uint8Array): void => {
    let read: unknown
    try {
      read = decode(codec, bytes)
    } catch (error) {
      expect(error).toMatchObject(refusal)
      return
    }
    expect(encode(codec, read)).toEqual(bytes)
  }

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(codec, encode(codec, value))).toEqual(value)
      }),
    )
  })

  it('is written as it was read, or refused, whatever bit is flipped', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, position) => {
        const changed = encode(codec, value)
        if (changed.length === 0) return
        const at = position % (changed.length * 8)
        changed[at >> 3] = (changed[at >> 3] as number) ^ (1 << (at & 7))
        holds(changed)
      }),
      { numRuns: 500 },
    )
  })

  it('is written as it was read, or refused, wherever it is cut, and whatever it is', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.uint8Array({ maxLength: 200 }), (value, position, random) => {
        const bytes = encode(codec, value)
        holds(bytes.subarray(0, position % (bytes.length + 1)))
        holds(random)
        holds(Uint8Array.of(...bytes, ...random))
      }),
      { numRuns: 200 },
    )
  })
})
