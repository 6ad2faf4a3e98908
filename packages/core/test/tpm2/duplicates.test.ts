import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
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
  tpm2bPublic,
  tpmtPublic,
} from '../../src/tpm2/index.js'
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

describe('what is sealed', () => {
  it('is hidden in the public area, under the policy alone or the password', () => {
    const { publicArea, sensitive } = sealed
    expect(publicArea.objectAttributes).toEqual(objectAttributes('adminWithPolicy'))
    expect(publicArea.authPolicy).toEqual(authPolicy)
    expect(sealedObject({ data }).publicArea.objectAttributes).toEqual(objectAttributes('userWithAuth'))
    expect(sensitive.seedValue).toHaveLength(32)
    const unique = digestOf('sha256', concatBytes(sensitive.seedValue, data))
    expect(publicArea.unique).toEqual(unique)
    expect(sealedObject({ data, authPolicy }).publicArea.unique).not.toEqual(unique)
  })

  it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('may have names of %s', (nameAlg) => {
    const object = sealedObject({ data, nameAlg, authValue: utf8('password') })
    const made = makeDuplicate({ object, newParent: ecc.publicArea })
    const opened = openDuplicate({ privateKey: ecc.privateKey, newParent: ecc.publicArea, ...made })
    expect(opened).toEqual(object)
    expect(computeName(opened.publicArea)).toHaveLength(2 + digestOf(nameAlg, data).length)
  })

  it('has lengths that a TPM takes', () => {
    const lengths: readonly [string, Parameters<typeof sealedObject>[0]][] = [
      ['data', { data: new Uint8Array() }],
      ['data', { data: new Uint8Array(129) }],
      ['authPolicy', { data, authPolicy: new Uint8Array(20) }],
      ['authPolicy', { data, authPolicy: new Uint8Array() }],
      ['authValue', { data, authValue: new Uint8Array(33) }],
    ]
    for (const [name, options] of lengths) {
      expect(() => sealedObject(options)).toThrow(codeOf('ARGUMENT_INVALID', { name }))
    }
    expect(sealedObject({ data: new Uint8Array(128) }).sensitive.sensitive).toHaveLength(128)
  })
})

describe('keys', () => {
  const attributes = objectAttributes('userWithAuth', 'sign')
  const rsaTemplate: RsaPublic = { ...akTemplates['rsa-2048'], objectAttributes: attributes }
  const eccTemplate = (curveID: EccPublic['parameters']['curveID']): EccPublic => ({
    ...akTemplates['ecc-p256'],
    objectAttributes: attributes,
    parameters: { ...akTemplates['ecc-p256'].parameters, curveID },
  })
  const roundTrip = (object: ImportableObject): ImportableObject => {
    const made = makeDuplicate({ object, newParent: rsa.publicArea })
    return openDuplicate({ privateKey: rsa.privateKey, newParent: rsa.publicArea, ...made })
  }

  it('of RSA are one prime, half as wide as the modulus', () => {
    const { privateKey, publicArea } = rsaSample()
    const object = importableKey({ privateKey, template: rsaTemplate })
    expect(object.publicArea.unique).toEqual(publicArea.unique)
    expect(object.sensitive).toMatchObject({ sensitiveType: 'rsa', seedValue: new Uint8Array() })
    expect(object.sensitive.sensitive).toHaveLength(128)
    expect(roundTrip(object)).toEqual(object)
  })

  it.each([
    ['P-256', 32],
    ['P-384', 48],
    ['P-521', 66],
  ] as const)('on %s are scalars of fixed width', (curve, width) => {
    for (let i = 0; i < 20; i++) {
      const { privateKey } = eccSample(curve)
      const object = importableKey({ privateKey, template: eccTemplate(curve) })
      expect(object.sensitive.sensitive).toHaveLength(width)
      expect(object.publicArea).toMatchObject({ type: 'ecc' })
      if (i === 0) expect(roundTrip(object)).toEqual(object)
    }
  })

  it('that store others have a seed', () => {
    const template = { ...eccEk, objectAttributes: objectAttributes('restricted', 'decrypt') }
    const object = importableKey({ privateKey: ecc.privateKey, template })
    expect(object.sensitive.seedValue).toHaveLength(32)
    expect(object.sensitive.seedValue.some((byte) => byte !== 0)).toBe(true)
  })

  it.each<[string, KeyObject, RsaPublic | EccPublic, string]>([
    ['the public half', rsa.publicKey, rsaTemplate, 'ARGUMENT_INVALID'],
    ['an EC key for RSA', ecc.privateKey, rsaTemplate, 'ARGUMENT_INVALID'],
    ['an RSA key for a curve', rsa.privateKey, eccTemplate('P-256'), 'ARGUMENT_INVALID'],
    ['a key of another size', rsaSample(3072).privateKey, rsaTemplate, 'ARGUMENT_INVALID'],
    ['a key on a larger curve', eccSample('P-384').privateKey, eccTemplate('P-256'), 'ARGUMENT_INVALID'],
    ['a key on a smaller curve', ecc.privateKey, eccTemplate('P-384'), 'TPM_KEY_INVALID'],
    ['a curve that cannot be used', ecc.privateKey, eccTemplate('BN-P256'), 'TPM_ALGORITHM_UNSUPPORTED'],
    ['an Ed25519 key', generateKeyPairSync('ed25519').privateKey, eccTemplate('P-256'), 'ARGUMENT_INVALID'],
    [
      'an RSA-PSS key',
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
      rsaTemplate,
      'ARGUMENT_INVALID',
    ],
    [
      'another exponent',
      generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65_539 }).privateKey,
      rsaTemplate,
      'ARGUMENT_INVALID',
    ],
    ['a weak key', rsaSample(1024).privateKey, weak(rsaTemplate), 'TPM_KEY_INVALID'],
  ])('are refused: %s', (_what, privateKey, template, code) => {
    expect(() => importableKey({ privateKey, template })).toThrow(codeOf(code))
  })

  function weak(template: RsaPublic): RsaPublic {
    return { ...template, parameters: { ...template.parameters, keyBits: 1024 } }
  }
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
