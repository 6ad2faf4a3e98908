import { createCipheriv, createPrivateKey, publicEncrypt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import { tpm2bDuplicate } from '../../src/tpm2/duplication/private-area.js'
import {
  akTemplates,
  computeName,
  type Duplicate,
  digestOf,
  type EccPublic,
  ekTemplates,
  type HashAlgorithm,
  type ImportableObject,
  type InnerWrapper,
  importableKey,
  type MakeDuplicateOptions,
  makeDuplicate,
  objectAttributes,
  openDuplicate,
  type RsaPublic,
  sealedObject,
  type TpmtPublic,
  tpm2bDigest,
  tpm2bEncryptedSecret,
  tpm2bPublic,
  tpm2bSensitive,
  tpmtPublic,
} from '../../src/tpm2/index.js'
import { wrapOuter } from '../../src/tpm2/protection/outer-wrap.js'
import { storageSuite } from '../../src/tpm2/protection/storage-suite.js'
import { codeOf } from '../codec/expectations.js'
import { recordedProtected } from './recorded.js'
import { eccEk, eccSample, rsaEk, rsaSample, type SampleKey } from './samples.js'

const data = utf8('sealed')
const authPolicy = digestOf('sha256', utf8('a policy'))
const sealed = sealedObject({ data, authPolicy })
const rsa = rsaSample(2048, rsaEk)
const ecc = eccSample('P-256', eccEk)
const strangers = { rsa: rsaSample(), ecc: eccSample() }
const wrapper: InnerWrapper = {
  symmetric: { algorithm: 'aes', keyBits: 256, mode: 'cfb' },
  key: new Uint8Array(32).fill(0x1e),
}
const high = (name: 'H-3' | 'H-4' | 'H-6'): RsaPublic | EccPublic => ekTemplates[name].publicArea
const parents: readonly [string, SampleKey<RsaPublic | EccPublic>][] = [
  ['RSA-2048, SHA-256', rsa],
  ['RSA-3072, SHA-384, AES-256', rsaSample(3072, high('H-6') as RsaPublic)],
  ['P-256, SHA-256', ecc],
  ['P-384, SHA-384, AES-256', eccSample('P-384', high('H-3') as EccPublic)],
  ['P-521, SHA-512, AES-256', eccSample('P-521', high('H-4') as EccPublic)],
]

describe.each(parents)('a duplicate for %s', (_name, { publicArea: newParent, privateKey }) => {
  const make = (options: Partial<MakeDuplicateOptions> = {}): Duplicate =>
    makeDuplicate({ object: sealed, newParent, ...options })
  const open = (parts: Partial<Parameters<typeof openDuplicate>[0]> = {}): ImportableObject =>
    openDuplicate({ privateKey, newParent, ...made, ...parts })
  const made = make()
  const refused = codeOf('TPM_DUPLICATE_INVALID', { nameAlgorithm: newParent.nameAlg })

  it('opens, with and without an inner wrapper', () => {
    expect(open()).toEqual(sealed)
    const wrapped = make({ innerWrapper: wrapper })
    expect(open({ ...wrapped, innerWrapper: wrapper })).toEqual(sealed)
    expect(wrapped.duplicate.length - made.duplicate.length).toBe(2 + 32)
  })

  it('is another one each time', () => {
    const again = make()
    expect(again.duplicate).not.toEqual(made.duplicate)
    expect(again.inSymSeed).not.toEqual(made.inSymSeed)
    expect(again.objectPublic).toEqual(made.objectPublic)
  })

  it('does not open with another key, for another object, or with another inner wrapper', () => {
    for (const stranger of [strangers.rsa, strangers.ecc]) {
      expect(() => open({ privateKey: stranger.privateKey })).toThrow(refused)
    }
    const other = encode(tpm2bPublic, sealedObject({ data, authPolicy }).publicArea)
    expect(() => open({ objectPublic: other })).toThrow(refused)
    const relaxed = { ...sealed.publicArea, authPolicy: new Uint8Array() }
    expect(() => open({ objectPublic: encode(tpm2bPublic, relaxed) })).toThrow(refused)
    const wrapped = make({ innerWrapper: wrapper })
    const key = wrapper.key.map((byte) => byte ^ 1)
    expect(() => open({ innerWrapper: wrapper })).toThrow(refused)
    expect(() => open(wrapped)).toThrow(refused)
    expect(() => open({ ...wrapped, innerWrapper: { ...wrapper, key } })).toThrow(refused)
  })

  it('does not open with any byte changed, cut or added, and always says the same', () => {
    const messages = new Set<string>()
    const attempt = (parts: Partial<Duplicate>): void => {
      try {
        open(parts)
        throw new Error('opened')
      } catch (error) {
        messages.add((error as Error).message)
      }
    }
    for (const part of ['duplicate', 'inSymSeed'] as const) {
      const bytes = made[part]
      const step = Math.max(1, Math.floor(bytes.length / 40))
      for (let i = 0; i < bytes.length; i += step) {
        attempt({ [part]: bytes.map((byte, at) => (at === i ? byte ^ 0x10 : byte)) })
        attempt({ [part]: bytes.subarray(0, i) })
      }
      attempt({ [part]: concatBytes(bytes, Uint8Array.of(0)) })
      attempt({ [part]: new Uint8Array(bytes.length) })
    }
    expect([...messages]).toEqual([
      `the duplicate for a parent with name algorithm ${newParent.nameAlg} does not open`,
    ])
  })
})

describe('what cannot be imported is not duplicated', () => {
  const make = (object: ImportableObject, options: Partial<MakeDuplicateOptions> = {}): Duplicate =>
    makeDuplicate({ object, newParent: ecc.publicArea, ...options })
  const withPublic = (part: Partial<TpmtPublic>): ImportableObject =>
    ({ ...sealed, publicArea: { ...sealed.publicArea, ...part } }) as ImportableObject
  const withSensitive = (part: Partial<ImportableObject['sensitive']>): ImportableObject =>
    ({ ...sealed, sensitive: { ...sealed.sensitive, ...part } }) as ImportableObject
  const invalid = (path: string): unknown => codeOf('TPM_KEY_INVALID', { path })
  const attributes = 'object.publicArea.objectAttributes'

  it.each<[string, ImportableObject, string]>([
    ['fixed to a TPM', withPublic({ objectAttributes: objectAttributes('fixedTPM') }), attributes],
    ['fixed to a parent', withPublic({ objectAttributes: objectAttributes('fixedParent') }), attributes],
    ['without a name', withPublic({ nameAlg: 'null' }), 'object.publicArea.nameAlg'],
    ['with half a policy', withPublic({ authPolicy: new Uint8Array(16) }), 'object.publicArea.authPolicy'],
    [
      'with too long a password',
      withSensitive({ authValue: new Uint8Array(33) }),
      'object.sensitive.authValue',
    ],
    ['with another secret', withSensitive({ sensitive: utf8('other') }), 'object'],
    ['with another seed', withSensitive({ seedValue: new Uint8Array(32) }), 'object'],
    ['with a seed of another length', withSensitive({ seedValue: new Uint8Array(31) }), 'object'],
    ['of two types', withSensitive({ sensitiveType: 'symcipher' }), 'object'],
  ])('objects %s', (_what, object, path) => {
    expect(() => make(object)).toThrow(invalid(path))
  })

  it('keys whose halves do not belong together', () => {
    const signing = objectAttributes('sign')
    const key = importableKey({
      privateKey: rsa.privateKey,
      template: { ...akTemplates['rsa-2048'], objectAttributes: signing },
    })
    const point = importableKey({
      privateKey: ecc.privateKey,
      template: { ...akTemplates['ecc-p256'], objectAttributes: signing },
    })
    const one = new Uint8Array(128)
    one[127] = 1
    for (const sensitive of [one, new Uint8Array(128), new Uint8Array(128).fill(0xff), new Uint8Array()]) {
      const object = { ...key, sensitive: { ...key.sensitive, sensitive } } as ImportableObject
      expect(() => make(object)).toThrow(invalid('object'))
    }
    for (const scalar of [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(3)]) {
      const object = { ...point, sensitive: { ...point.sensitive, sensitive: scalar } } as ImportableObject
      expect(() => make(object)).toThrow(invalid('object'))
    }
  })

  it('objects that ask for an inner wrapper and get none', () => {
    const objectAttributes_ = objectAttributes('adminWithPolicy', 'encryptedDuplication')
    const object = withPublic({ objectAttributes: objectAttributes_ })
    expect(() => make(object)).toThrow(invalid(attributes))
    expect(make(object, { innerWrapper: wrapper }).duplicate.length).toBeGreaterThan(0)
  })

  it.each<[string, InnerWrapper, string]>([
    ['a key too short', { ...wrapper, key: new Uint8Array(16) }, 'ARGUMENT_INVALID'],
    ['no cipher', { ...wrapper, symmetric: { algorithm: 'null' } }, 'TPM_ALGORITHM_UNSUPPORTED'],
    [
      'another mode',
      { ...wrapper, symmetric: { algorithm: 'aes', keyBits: 256, mode: 'cbc' } },
      'TPM_ALGORITHM_UNSUPPORTED',
    ],
    [
      'another cipher',
      { ...wrapper, symmetric: { algorithm: 'camellia', keyBits: 256, mode: 'cfb' } },
      'TPM_ALGORITHM_UNSUPPORTED',
    ],
  ])('inner wrappers with %s, on both sides', (_what, innerWrapper, code) => {
    expect(() => make(sealed, { innerWrapper })).toThrow(codeOf(code))
    const { privateKey, publicArea: newParent } = ecc
    const made = make(sealed)
    expect(() => openDuplicate({ privateKey, newParent, innerWrapper, ...made })).toThrow(codeOf(code))
  })

  it.each<[string, TpmtPublic, string]>([
    ['sign', akTemplates['ecc-p256'], 'TPM_KEY_INVALID'],
    ['are sealed data', sealed.publicArea, 'TPM_KEY_INVALID'],
    ['are weak', rsaSample(1024, rsaEk).publicArea, 'TPM_KEY_INVALID'],
    ['have SHA-1 names', { ...ecc.publicArea, nameAlg: 'sha1' }, 'TPM_ALGORITHM_UNSUPPORTED'],
    ['are on another curve', ekTemplates['H-5'].publicArea, 'TPM_ALGORITHM_UNSUPPORTED'],
  ])('parents that %s', (_what, newParent, code) => {
    expect(() => make(sealed, { newParent })).toThrow(codeOf(code))
  })
})

/** What someone makes who has the public key and knows the format, but does not keep to it. */
describe('duplicates made on purpose to be wrong', () => {
  const { publicArea: newParent, privateKey } = rsa
  const suite = storageSuite(newParent)
  const refused = codeOf('TPM_DUPLICATE_INVALID')

  function open(
    { publicArea, sensitive }: ImportableObject,
    wrong: { readonly seedLength?: number; readonly innerIntegrity?: Uint8Array } = {},
  ): ImportableObject {
    const name = computeName(publicArea)
    const seed = new Uint8Array(wrong.seedLength ?? 32).fill(5)
    const area = encode(tpm2bSensitive, sensitive)
    const { innerIntegrity } = wrong
    const inner = innerIntegrity && concatBytes(encode(tpm2bDigest, innerIntegrity), area)
    const cipher = createCipheriv('aes-256-cfb', wrapper.key, new Uint8Array(16))
    const { integrity, encrypted } = wrapOuter(suite, seed, name, inner ? cipher.update(inner) : area)
    const oaepLabel = utf8('DUPLICATE\0')
    const secret = publicEncrypt({ key: rsa.publicKey, oaepHash: 'sha256', oaepLabel }, seed)
    return openDuplicate({
      privateKey,
      newParent,
      objectPublic: encode(tpm2bPublic, publicArea),
      duplicate: encode(tpm2bDuplicate, { integrityOuter: integrity, sensitive: encrypted }),
      inSymSeed: encode(tpm2bEncryptedSecret, new Uint8Array(secret)),
      ...(inner && { innerWrapper: wrapper }),
    })
  }

  it('open when nothing is wrong', () => {
    const name = computeName(sealed.publicArea)
    const area = encode(tpm2bSensitive, sealed.sensitive)
    expect(open(sealed)).toEqual(sealed)
    expect(open(sealed, { innerIntegrity: digestOf('sha256', concatBytes(area, name)) })).toEqual(sealed)
  })

  it('do not with a seed of another length', () => {
    for (const seedLength of [1, 16, 31, 33]) expect(() => open(sealed, { seedLength })).toThrow(refused)
  })

  it('do not with another inner integrity value', () => {
    for (const innerIntegrity of [new Uint8Array(32), new Uint8Array()]) {
      expect(() => open(sealed, { innerIntegrity })).toThrow(refused)
    }
  })

  it('do not when the halves do not belong together', () => {
    const sensitive = { ...sealed.sensitive, sensitive: utf8('other') } as ImportableObject['sensitive']
    expect(() => open({ ...sealed, sensitive })).toThrow(refused)
    const key = importableKey({
      privateKey: rsa.privateKey,
      template: { ...akTemplates['rsa-2048'], objectAttributes: objectAttributes('sign') },
    })
    expect(open(key)).toEqual(key)
    const longer = concatBytes(Uint8Array.of(0), key.sensitive.sensitive)
    expect(() =>
      open({ ...key, sensitive: { ...key.sensitive, sensitive: longer } } as ImportableObject),
    ).toThrow(refused)
  })

  it('do not with a seed value of another length, though the public area fits', () => {
    const seedValue = new Uint8Array(31)
    const unique = digestOf('sha256', concatBytes(seedValue, data))
    expect(() =>
      open({
        publicArea: { ...sealed.publicArea, unique } as TpmtPublic,
        sensitive: { ...sealed.sensitive, seedValue },
      }),
    ).toThrow(refused)
  })
})

describe('randomness', () => {
  it('comes from the source that is given', () => {
    const random = () => {
      let calls = 0
      return { bytes: (length: number) => new Uint8Array(length).fill(++calls) }
    }
    const make = (): Duplicate =>
      makeDuplicate({
        object: sealedObject({ data, random: random() }),
        newParent: ecc.publicArea,
        random: random(),
      })
    expect(make()).toEqual(make())
  })
})

describe('what a TPM duplicated', () => {
  it.each(recordedProtected.duplicates)('opens with the private key of $template', (recording) => {
    const privateKey = createPrivateKey(recording.privateKey)
    const newParent = decode(tpmtPublic, fromHex(recording.parentPublic))
    const parts = {
      privateKey,
      newParent,
      objectPublic: fromHex(recording.objectPublic),
      duplicate: fromHex(recording.duplicate),
      inSymSeed: fromHex(recording.seed),
    }
    const key = recording.innerKey && fromHex(recording.innerKey)
    const symmetric = { algorithm: 'aes', keyBits: 128, mode: 'cfb' } as const
    const opened = openDuplicate({ ...parts, ...(key ? { innerWrapper: { symmetric, key } } : {}) })
    expect(toHex(opened.sensitive.sensitive)).toBe(recording.data)
    expect(opened.publicArea.nameAlg as HashAlgorithm).toBe('sha256')
    // And what we make of it for the same parent opens as well.
    const again = makeDuplicate({
      object: opened,
      newParent,
      ...(key ? { innerWrapper: { symmetric, key } } : {}),
    })
    expect(again.objectPublic).toEqual(parts.objectPublic)
    expect(again.duplicate).toHaveLength(parts.duplicate.length)
  })
})
