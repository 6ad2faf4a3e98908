import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../src/bytes/index.js'
import {
  akTemplates,
  computeName,
  digestOf,
  type EccPublic,
  type ImportableObject,
  importableKey,
  makeDuplicate,
  objectAttributes,
  openDuplicate,
  type RsaPublic,
  sealedObject,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { eccEk, eccSample, rsaEk, rsaSample } from './samples.js'

const data = utf8('sealed')
const authPolicy = digestOf('sha256', utf8('a policy'))
const sealed = sealedObject({ data, authPolicy })
const rsa = rsaSample(2048, rsaEk)
const ecc = eccSample('P-256', eccEk)

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
