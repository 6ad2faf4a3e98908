import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  importableKey,
  makeSessionSalt,
  objectAttributes,
  openSessionSalt,
  storageKeyTemplates,
  type TpmtPublic,
} from '../../src/tpm2/index.js'

function keyPair(kind: 'rsa-2048' | 'ecc-p256' | 'ecc-p384'): { privateKey: KeyObject; key: TpmtPublic } {
  const { privateKey } =
    kind === 'rsa-2048'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind === 'ecc-p256' ? 'P-256' : 'P-384' })
  const template = {
    ...storageKeyTemplates[kind],
    objectAttributes: objectAttributes('restricted', 'decrypt'),
  }
  return { privateKey, key: importableKey({ privateKey, template }).publicArea }
}

describe.each(['rsa-2048', 'ecc-p256', 'ecc-p384'] as const)('a salt for a key of %s', (kind) => {
  const { privateKey, key } = keyPair(kind)

  test('opens with the private half, and is as long as a digest of the name algorithm', () => {
    const { salt, encryptedSalt } = makeSessionSalt(key)
    expect(salt).toHaveLength(kind === 'ecc-p384' ? 48 : 32)
    expect(openSessionSalt({ privateKey, key, encryptedSalt })).toEqual(salt)
  })

  test('is another one each time', () => {
    expect(makeSessionSalt(key).salt).not.toEqual(makeSessionSalt(key).salt)
  })

  test('does not open with another key', () => {
    const { salt, encryptedSalt } = makeSessionSalt(key)
    const other = keyPair(kind)
    expect(openSessionSalt({ ...other, encryptedSalt })).not.toEqual(salt)
  })

  test('does not need a restricted key', () => {
    const free = { ...key, objectAttributes: objectAttributes('decrypt') }
    const { salt, encryptedSalt } = makeSessionSalt(free)
    expect(openSessionSalt({ privateKey, key: free, encryptedSalt })).toEqual(salt)
  })
})

describe('a key that no salt can be encrypted to', () => {
  const { key } = keyPair('ecc-p256')
  test.each<[string, TpmtPublic, string]>([
    ['signs', { ...key, objectAttributes: objectAttributes('sign') }, 'TPM_KEY_INVALID'],
    [
      'is no asymmetric key',
      {
        type: 'keyedhash',
        nameAlg: 'sha256',
        objectAttributes: objectAttributes('decrypt'),
        authPolicy: new Uint8Array(),
        parameters: { scheme: { scheme: 'null' } },
        unique: new Uint8Array(),
      },
      'TPM_KEY_INVALID',
    ],
    ['has no name', { ...key, nameAlg: 'null' }, 'TPM_ALGORITHM_UNSUPPORTED'],
    ['has a name by SHA-1', { ...key, nameAlg: 'sha1' }, 'TPM_ALGORITHM_UNSUPPORTED'],
  ])('%s', (_what, refused, code) => {
    expect(() => makeSessionSalt(refused)).toThrow(expect.objectContaining({ code }))
  })
})
