import fc from 'fast-check'
import {
  type AttestType,
  hashAlgorithms,
  hashFacts,
  nvAttributes,
  objectAttributes,
  type TpmaNv,
  type TpmaObject,
  type TpmsAttest,
  type TpmsCapabilityData,
  type TpmsContext,
  type TpmsCreationData,
  type TpmsNvPublic,
  type TpmtPublic,
  type TpmtSensitive,
  type TpmtSignature,
  type TpmtTkAuth,
  tpmGeneratedValue,
} from '../../src/tpm2/index.js'

/** Values of structures, whatever they may be, for property tests. */
const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const hash = fc.constantFrom(...hashAlgorithms)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn)

export const pcrSelection = fc.array(
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
export const attest = fc.constantFrom(...(Object.keys(bodies) as AttestType[])).chain((type) =>
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

export const signature = fc.oneof(
  fc.record({ sigAlg: fc.constantFrom('rsassa', 'rsapss'), hash, sig: bytes(512) }),
  fc.record({
    sigAlg: fc.constantFrom('ecdsa', 'ecdaa', 'sm2', 'ecschnorr', 'eddsa', 'eddsa_ph'),
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
export const publicArea = fc.oneof(
  fc.record({
    type: fc.constant('rsa'),
    ...head,
    parameters: fc.record({
      symmetric,
      scheme: fc.oneof(scheme('rsassa', 'rsapss', 'oaep'), fc.constant({ scheme: 'rsaes' })),
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
      scheme: fc.oneof(
        scheme('ecdsa', 'sm2', 'ecschnorr', 'eddsa', 'eddsa_ph', 'ecdh', 'ecmqv'),
        fc.record({ scheme: fc.constant('ecdaa'), hashAlg: hash, count: u16 }),
      ),
      curveID: fc.constantFrom('P-256', 'P-521', 'curve25519', 'brainpoolP384r1'),
      kdf: scheme('mgf1', 'kdf1_sp800_56a', 'kdf2', 'kdf1_sp800_108'),
    }),
    unique: fc.record({ x: bytes(66), y: bytes(66) }),
  }),
  fc.record({
    type: fc.constant('keyedhash'),
    ...head,
    parameters: fc.record({
      scheme: fc.oneof(
        scheme('hmac'),
        fc.record({
          scheme: fc.constant('xor'),
          hashAlg: hash,
          kdf: fc.constantFrom('mgf1', 'kdf2', 'null'),
        }),
      ),
    }),
    unique: bytes(64),
  }),
  fc.record({
    type: fc.constant('symcipher'),
    ...head,
    parameters: fc.record({ sym: symmetric }),
    unique: bytes(64),
  }),
) as fc.Arbitrary<TpmtPublic>

export const sensitive = fc.record({
  sensitiveType: fc.constantFrom('rsa', 'ecc', 'keyedhash', 'symcipher'),
  authValue: bytes(64),
  seedValue: bytes(64),
  sensitive: bytes(32),
}) as fc.Arbitrary<TpmtSensitive>

const nvFlags = fc
  .subarray(Object.keys(nvAttributes('ordinary')).filter((key) => key !== 'nt'))
  .map((set) => Object.fromEntries(set.map((flag) => [flag, true])))
const nvAttributeValues = fc
  .tuple(fc.constantFrom('ordinary', 'counter', 'bits', 'extend', 'pinFail', 'pinPass'), nvFlags)
  .map(([nt, flags]) => ({ ...nvAttributes(nt as TpmaNv['nt']), ...flags }))
export const nvPublic = fc.record({
  nvIndex: fc.integer({ min: 0x0100_0000, max: 0x01ff_ffff }),
  nameAlg: hash,
  attributes: nvAttributeValues,
  authPolicy: bytes(64),
  dataSize: u16,
}) as fc.Arbitrary<TpmsNvPublic>

const locality = fc.oneof(
  fc.subarray([0, 1, 2, 3, 4]),
  fc.integer({ min: 32, max: 255 }).map((one) => [one]),
)
export const creationData = fc.record({
  pcrSelect: pcrSelection,
  pcrDigest: bytes(64),
  locality,
  parentNameAlg: fc.oneof(hash, fc.constant('null')),
  parentName: bytes(66),
  parentQualifiedName: bytes(66),
  outsideInfo: bytes(66),
}) as fc.Arbitrary<TpmsCreationData>

const hierarchy = fc.oneof(
  fc.constantFrom('owner', 'null', 'endorsement', 'platform'),
  fc.integer({ min: 0x4001_0000, max: 0x4004_ffff }),
)
export const context = fc.record({
  sequence: u64,
  savedHandle: fc.constantFrom(0x0200_0001, 0x0300_0002, 0x8000_0000, 0x8000_0001, 0x8000_0002),
  hierarchy,
  contextBlob: bytes(200),
}) as fc.Arbitrary<TpmsContext>
export const ticket = fc.record({
  tag: fc.constantFrom('authSecret', 'authSigned'),
  hierarchy,
  digest: bytes(64),
}) as fc.Arbitrary<TpmtTkAuth>

const flagsOf = (...names: readonly string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, fc.boolean()])))
const algProperties = flagsOf(
  ...['asymmetric', 'symmetric', 'hash', 'object', 'signing', 'encrypting', 'method'],
)
const command = fc
  .tuple(flagsOf('nv', 'extensive', 'flushed', 'rHandle', 'v'), u16, fc.nat(7))
  .map(([flags, commandIndex, cHandles]) => ({ ...flags, commandIndex, cHandles }))
const digest = fc.oneof(
  hash.chain((hashAlg) => {
    const { size } = hashFacts(hashAlg)
    return fc.record({
      hashAlg: fc.constant(hashAlg),
      digest: fc.uint8Array({ minLength: size, maxLength: size }),
    })
  }),
  fc.constant({ hashAlg: 'null', digest: new Uint8Array() }),
)
const list = (inner: fc.Arbitrary<unknown>) => fc.array(inner, { maxLength: 6 })
/** Numbers that have no name. */
const unnamed = fc.integer({ min: 0x7000, max: 0x7fff })
const capabilityLists: { readonly [C in TpmsCapabilityData['capability']]: fc.Arbitrary<unknown> } = {
  algs: list(fc.record({ alg: fc.oneof(hash, unnamed), algProperties })),
  handles: list(u32),
  commands: list(command),
  ppCommands: list(fc.oneof(fc.constantFrom('TPM2_Clear', 'TPM2_PP_Commands'), unnamed)),
  auditCommands: list(fc.constantFrom('TPM2_Sign')),
  pcrs: pcrSelection,
  tpmProperties: list(
    fc.record({ property: fc.oneof(fc.constantFrom('manufacturer'), unnamed), value: u32 }),
  ),
  pcrProperties: list(
    fc.record({
      tag: fc.oneof(fc.constantFrom('save', 'resetL4'), unnamed),
      pcrSelect: fc.record({ sizeofSelect: fc.constant(3), pcrs: fc.subarray([0, 7, 16, 23]) }),
    }),
  ),
  eccCurves: list(fc.oneof(fc.constantFrom('P-256', 'SM2-P256'), unnamed)),
  authPolicies: list(fc.record({ handle: u32, policyHash: digest })),
  act: list(fc.record({ handle: u32, timeout: u32, attributes: flagsOf('signaled', 'preserveSignaled') })),
  pubKeys: fc.array(publicArea, { maxLength: 2 }),
  spdmSessionInfo: list(fc.record({ reqKeyName: bytes(66), tpmKeyName: bytes(66) })),
  vendorProperty: bytes(40),
}
export const capabilityData = fc
  .constantFrom(...(Object.keys(capabilityLists) as TpmsCapabilityData['capability'][]))
  .chain((capability) =>
    fc.record({ capability: fc.constant(capability), data: capabilityLists[capability] }),
  ) as fc.Arbitrary<TpmsCapabilityData>
