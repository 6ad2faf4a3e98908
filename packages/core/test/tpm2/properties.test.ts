import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Codec, decode, encode } from '../../src/codec/index.js'
import {
  type AttestType,
  hashAlgorithms,
  hashFacts,
  objectAttributes,
  type TpmaObject,
  type TpmsAttest,
  type TpmtPublic,
  type TpmtSignature,
  tpmGeneratedValue,
  tpmlPcrSelection,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
} from '../../src/tpm2/index.js'

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const hash = fc.constantFrom(...hashAlgorithms)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn)

const pcrSelection = fc.array(
  fc.integer({ min: 0, max: 8 }).chain((sizeofSelect) =>
    fc.record({
      hash,
      sizeofSelect: fc.constant(sizeofSelect),
      pcrs: fc
        .uniqueArray(fc.nat(Math.max(0, sizeofSelect * 8 - 1)), { maxLength: sizeofSelect * 8 })
        .map((pcrs) => pcrs.toSorted((a, b) => a - b)),
    }),
  ),
  { maxLength: 5 },
)

const clockInfo = fc.record({ clock: u64, resetCount: u32, restartCount: u32, safe: fc.boolean() })
const bodies: { readonly [T in AttestType]: fc.Arbitrary<unknown> } = {
  quote: fc.record({ pcrSelect: pcrSelection, pcrDigest: bytes(64) }),
  certify: fc.record({ name: bytes(66), qualifiedName: bytes(66) }),
  creation: fc.record({ objectName: bytes(66), creationHash: bytes(64) }),
  time: fc.record({ time: fc.record({ time: u64, clockInfo }), firmwareVersion: u64 }),
  nv: fc.record({ indexName: bytes(66), offset: u16, nvContents: bytes(300) }),
  nvDigest: fc.record({ indexName: bytes(66), nvDigest: bytes(64) }),
  sessionAudit: fc.record({ exclusiveSession: fc.boolean(), sessionDigest: bytes(64) }),
  commandAudit: fc.record({
    auditCounter: u64,
    digestAlg: hash,
    auditDigest: bytes(64),
    commandDigest: bytes(64),
  }),
}
const attest = fc.constantFrom(...(Object.keys(bodies) as AttestType[])).chain((type) =>
  fc.record({
    magic: fc.constant(tpmGeneratedValue),
    type: fc.constant(type),
    qualifiedSigner: bytes(66),
    extraData: bytes(66),
    clockInfo,
    firmwareVersion: u64,
    attested: bodies[type],
  }),
) as fc.Arbitrary<TpmsAttest>

const signature = fc.oneof(
  fc.record({ sigAlg: fc.constantFrom('rsassa', 'rsapss'), hash, sig: bytes(512) }),
  fc.record({
    sigAlg: fc.constantFrom('ecdsa', 'ecdaa', 'sm2', 'ecschnorr'),
    hash,
    signatureR: bytes(66),
    signatureS: bytes(66),
  }),
  hash.chain((hashAlg) =>
    fc.record({
      sigAlg: fc.constant('hmac'),
      hmac: fc.record({
        hashAlg: fc.constant(hashAlg),
        digest: fc.uint8Array({ minLength: hashFacts(hashAlg).size, maxLength: hashFacts(hashAlg).size }),
      }),
    }),
  ),
  fc.constant({ sigAlg: 'null' }),
) as fc.Arbitrary<TpmtSignature>

const attributes = fc
  .subarray(Object.keys(objectAttributes()) as (keyof TpmaObject)[])
  .map((set) => objectAttributes(...set))
const symmetric = fc.oneof(
  fc.constant({ algorithm: 'null' }),
  fc.record({
    algorithm: fc.constantFrom('aes', 'sm4', 'camellia', 'tdes'),
    keyBits: u16,
    mode: fc.constantFrom('ctr', 'ofb', 'cbc', 'cfb', 'ecb', 'cmac', 'null'),
  }),
)
const scheme = (...names: readonly string[]) =>
  fc.oneof(fc.constant({ scheme: 'null' }), fc.record({ scheme: fc.constantFrom(...names), hashAlg: hash }))
const head = {
  nameAlg: fc.oneof(hash, fc.constant('null')),
  objectAttributes: attributes,
  authPolicy: bytes(64),
}
const publicArea = fc.oneof(
  fc.record({
    type: fc.constant('rsa'),
    ...head,
    parameters: fc.record({
      symmetric,
      scheme: scheme('rsassa', 'rsapss', 'oaep'),
      keyBits: u16,
      exponent: u32,
    }),
    unique: bytes(512),
  }),
  fc.record({
    type: fc.constant('ecc'),
    ...head,
    parameters: fc.record({
      symmetric,
      scheme: scheme('ecdsa', 'sm2', 'ecschnorr', 'ecdh', 'ecmqv'),
      curveID: fc.constantFrom('P-256', 'P-521', 'curve25519', 'brainpoolP384r1'),
      kdf: scheme('mgf1', 'kdf1_sp800_56a', 'kdf2', 'kdf1_sp800_108'),
    }),
    unique: fc.record({ x: bytes(66), y: bytes(66) }),
  }),
  fc.record({
    type: fc.constant('keyedhash'),
    ...head,
    parameters: fc.record({ scheme: scheme('hmac') }),
    unique: bytes(64),
  }),
  fc.record({
    type: fc.constant('symcipher'),
    ...head,
    parameters: fc.record({ sym: symmetric }),
    unique: bytes(64),
  }),
) as fc.Arbitrary<TpmtPublic>

describe.each<[string, Codec<unknown>, fc.Arbitrary<unknown>]>([
  ['TPML_PCR_SELECTION', tpmlPcrSelection as Codec<unknown>, pcrSelection],
  ['TPMS_ATTEST', tpmsAttest as Codec<unknown>, attest],
  ['TPMT_SIGNATURE', tpmtSignature as Codec<unknown>, signature],
  ['TPMT_PUBLIC', tpmtPublic as Codec<unknown>, publicArea],
])('%s', (_name, codec, values) => {
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
        let read: unknown
        try {
          read = decode(codec, changed)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^CODEC_/) })
          return
        }
        expect(encode(codec, read)).toEqual(changed)
      }),
      { numRuns: 500 },
    )
  })
})
