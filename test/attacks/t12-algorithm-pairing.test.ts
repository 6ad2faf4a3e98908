import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import type { EvidenceDocument } from '@trusthold/core/protocol'
import { type TpmtSignature, tpmtSignature, verifySignature } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRig, type Rig, refusedBy } from './rig.js'
import {
  ecPair,
  hashes,
  jwkBytes,
  message,
  rsaArea,
  signEcdsa,
  signPkcs1,
  signPss,
  unsupported,
  verifies,
} from './signatures.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

describe('T-12 what does not belong together', () => {
  const ec = ecPair('P-256')
  const rsaSsa = signPkcs1('sha256', rsa.privateKey)
  const ecdsa = signEcdsa('sha256', ec.privateKey)
  const edwards = generateKeyPairSync('ed25519')
  const pssOnly = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })

  test.each<[string, KeyObject, TpmtSignature]>([
    ['an RSA signature and an EC key', ec.publicKey, rsaSsa],
    ['an RSAPSS signature and an EC key', ec.publicKey, { ...rsaSsa, sigAlg: 'rsapss' }],
    ['an ECDSA signature and an RSA key', rsa.publicKey, ecdsa],
    ['an Ed25519 key', edwards.publicKey, ecdsa],
    ['an X25519 key', generateKeyPairSync('x25519').publicKey, ecdsa],
    ['an RSA-PSS key', pssOnly.publicKey, { ...rsaSsa, sigAlg: 'rsapss' }],
    ['a private RSA key', rsa.privateKey, rsaSsa],
    ['a private EC key', ec.privateKey, ecdsa],
  ])('%s', (_what, key, signature) => {
    expect(() => verifies(key, signature)).toThrow(unsupported)
  })

  test.each<TpmtSignature>([
    { ...ecdsa, sigAlg: 'ecdaa' },
    { ...ecdsa, sigAlg: 'sm2' },
    { ...ecdsa, sigAlg: 'ecschnorr' },
    { ...ecdsa, sigAlg: 'eddsa' },
    { ...ecdsa, sigAlg: 'eddsa_ph' },
    { sigAlg: 'hmac', hmac: { hashAlg: 'sha256', digest: new Uint8Array(32) } },
    { sigAlg: 'null' },
  ])('$sigAlg is parsed and refused by name, whatever the key', (signature) => {
    for (const key of [ec.publicKey, rsa.publicKey, edwards.publicKey]) {
      expect(() => verifies(key, signature)).toThrow(
        expect.objectContaining({
          code: 'TPM_ALGORITHM_UNSUPPORTED',
          context: { use: 'signature verification', algorithm: signature.sigAlg },
        }),
      )
    }
  })

  test.each(['sha1', 'sm3_256', 'sha3_256', 'sha3_384', 'sha3_512'] as const)('%s is refused', (hash) => {
    for (const [key, signature] of [
      [rsa.publicKey, { ...rsaSsa, hash }],
      [rsa.publicKey, { ...rsaSsa, sigAlg: 'rsapss', hash }],
      [ec.publicKey, { ...ecdsa, hash }],
    ] as const) {
      expect(() => verifies(key, signature)).toThrow(unsupported)
      const asked = { key, signature, message, allowSha1: true }
      if (hash === 'sha1') expect(verifySignature(asked)).toBe(false)
      else expect(() => verifySignature(asked)).toThrow(unsupported)
    }
  })

  test('SHA-1 verifies only when it is asked for', () => {
    const signature = signPkcs1('sha1', rsa.privateKey)
    expect(() => verifies(rsa.publicKey, signature)).toThrow(unsupported)
    expect(verifySignature({ key: rsa.publicKey, signature, message, allowSha1: true })).toBe(true)
  })

  test('a key with a scheme takes only that scheme with its hash', () => {
    const n = jwkBytes(rsa.publicKey, 'n')
    const schemes = ['rsassa', 'rsapss'] as const
    for (const scheme of schemes) {
      for (const hashAlg of hashes) {
        const area = rsaArea(n)
        const own = { ...area, parameters: { ...area.parameters, scheme: { scheme, hashAlg } } }
        for (const sigAlg of schemes) {
          for (const hash of hashes) {
            const signature =
              sigAlg === 'rsassa' ? signPkcs1(hash, rsa.privateKey) : signPss(hash, rsa.privateKey, 32)
            if (sigAlg === scheme && hash === hashAlg)
              expect(verifies(rsa.publicKey, signature, own)).toBe(true)
            else expect(() => verifies(rsa.publicKey, signature, own)).toThrow(unsupported)
          }
        }
      }
    }
  })
})

let rig: Rig
beforeAll(async () => {
  rig = await createRig()
})
afterAll(() => rig.close())

describe('T-12 the Attestation Service', () => {
  /** The honest evidence with another signature over its message. */
  const signed = (make: (text: Uint8Array, key: KeyObject) => TpmtSignature) => ({
    evidence: (honest: EvidenceDocument): EvidenceDocument => ({
      ...honest,
      signature: encode(tpmtSignature, make(honest.message, rig.host.attestationKey.privateKey)),
    }),
  })

  test('takes the truth, signed again', async () => {
    const again = signed((text, key) => signPkcs1('sha256', key, text))
    expect((await rig.attest(again)).attested).toBe(true)
  })

  const ec = ecPair('P-256')
  test.each<[string, (text: Uint8Array, key: KeyObject) => TpmtSignature]>([
    ['another hash', (text, key) => signPkcs1('sha384', key, text)],
    ['SHA-1', (text, key) => signPkcs1('sha1', key, text)],
    ['another scheme', (text, key) => signPss('sha256', key, 32, text)],
    ['the same named otherwise', (text, key) => ({ ...signPkcs1('sha256', key, text), sigAlg: 'rsapss' })],
    ['an ECDSA signature', (text) => signEcdsa('sha256', ec.privateKey, text)],
    ['an HMAC', () => ({ sigAlg: 'hmac', hmac: { hashAlg: 'sha256', digest: new Uint8Array(32) } })],
    ['no signature', () => ({ sigAlg: 'null' })],
    ['an empty signature', () => ({ sigAlg: 'rsassa', hash: 'sha256', sig: new Uint8Array() })],
    [
      'a signature with a leading zero',
      (text, key) => {
        const honest = signPkcs1('sha256', key, text)
        return { ...honest, sig: concatBytes(Uint8Array.of(0), honest.sig) }
      },
    ],
  ])('refuses %s', async (_what, make) => {
    expect(await refusedBy(rig.attest(signed(make)))).toEqual(['quote.signature'])
  })
})
