import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/index.js'
import {
  akTemplates,
  curveFacts,
  type HashAlgorithm,
  type TpmtPublic,
  type TpmtSignature,
  verifySignature,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { eccSample, rsaSample } from './samples.js'

const message = utf8('what was signed')
const rsa = rsaSample()

function signRsa(
  sigAlg: 'rsassa' | 'rsapss',
  hash: HashAlgorithm,
  key: KeyObject,
  saltLength = 32,
): TpmtSignature {
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants
  const padding = sigAlg === 'rsassa' ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING
  return { sigAlg, hash, sig: sign(hash, message, { key, padding, saltLength }) }
}

function signEcdsa(hash: HashAlgorithm, key: KeyObject): Extract<TpmtSignature, { sigAlg: 'ecdsa' }> {
  const joined = new Uint8Array(sign(hash, message, { key, dsaEncoding: 'ieee-p1363' }))
  const middle = joined.length / 2
  return { sigAlg: 'ecdsa', hash, signatureR: joined.slice(0, middle), signatureS: joined.slice(middle) }
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte))

describe('RSA', () => {
  it.each(['sha256', 'sha384', 'sha512'] as const)('verifies RSASSA and RSAPSS over %s', (hash) => {
    for (const sigAlg of ['rsassa', 'rsapss'] as const) {
      const signature = signRsa(sigAlg, hash, rsa.privateKey)
      expect(verifySignature({ key: rsa.publicKey, signature, message })).toBe(true)
      expect(verifySignature({ key: rsa.publicKey, signature, message: utf8('something else') })).toBe(false)
      expect(verifySignature({ key: rsaSample().publicKey, signature, message })).toBe(false)
      if ('sig' in signature) {
        const changed = { ...signature, sig: flipped(signature.sig) }
        expect(verifySignature({ key: rsa.publicKey, signature: changed, message })).toBe(false)
        for (const sig of [signature.sig.subarray(1), Uint8Array.of(0, ...signature.sig), new Uint8Array()]) {
          expect(verifySignature({ key: rsa.publicKey, signature: { ...signature, sig }, message })).toBe(
            false,
          )
        }
      }
    }
  })

  it('of a signature that starts with zero takes no part', () => {
    let signature = signRsa('rsapss', 'sha256', rsa.privateKey)
    while (!('sig' in signature) || signature.sig[0] !== 0)
      signature = signRsa('rsapss', 'sha256', rsa.privateKey)
    expect(verifySignature({ key: rsa.publicKey, signature, message })).toBe(true)
    const short = { ...signature, sig: signature.sig.subarray(1) }
    expect(verifySignature({ key: rsa.publicKey, signature: short, message })).toBe(false)
  })

  it.each([0, 1, 20, 32, 64, 222])('verifies RSAPSS with a salt of %i bytes', (saltLength) => {
    const signature = signRsa('rsapss', 'sha256', rsa.privateKey, saltLength)
    expect(verifySignature({ key: rsa.publicKey, signature, message })).toBe(true)
  })

  it('does not take one padding or hash for another', () => {
    const signature = signRsa('rsassa', 'sha256', rsa.privateKey)
    expect(
      verifySignature({
        key: rsa.publicKey,
        signature: { ...signature, sigAlg: 'rsapss' } as TpmtSignature,
        message,
      }),
    ).toBe(false)
    expect(
      verifySignature({
        key: rsa.publicKey,
        signature: { ...signature, hash: 'sha384' } as TpmtSignature,
        message,
      }),
    ).toBe(false)
  })

  it('refuses keys of less than 2,048 bits', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const signature = signRsa('rsassa', 'sha256', privateKey)
    expect(() => verifySignature({ key: publicKey, signature, message })).toThrow(codeOf('TPM_KEY_INVALID'))
  })
})

describe('ECDSA', () => {
  const p256 = eccSample()
  const good = signEcdsa('sha256', p256.privateKey)
  const verifies = (signature: TpmtSignature): boolean =>
    verifySignature({ key: p256.publicKey, signature, message })

  it.each([
    ['P-256', 'sha256'],
    ['P-256', 'sha512'],
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
  ] as const)('verifies on %s over %s', (curve, hash) => {
    const { publicKey: key, privateKey } = eccSample(curve)
    const signature = signEcdsa(hash, privateKey)
    expect(verifySignature({ key, signature, message })).toBe(true)
    expect(verifySignature({ key, signature, message: utf8('something else') })).toBe(false)
    const changed = { ...signature, signatureS: flipped(signature.signatureS) }
    expect(verifySignature({ key, signature: changed, message })).toBe(false)
  })

  it('takes integers without leading zeros, as some TPMs write them, but none that are too long', () => {
    for (;;) {
      const signature = signEcdsa('sha256', p256.privateKey)
      if (signature.signatureR[0] !== 0) continue
      expect(verifies({ ...signature, signatureR: signature.signatureR.subarray(1) })).toBe(true)
      break
    }
    expect(verifies({ ...good, signatureR: Uint8Array.of(0, ...good.signatureR) })).toBe(false)
  })

  it('refuses r and s of 0, of n, and above', () => {
    const { order } = curveFacts('P-256') as { order: Uint8Array }
    const above = order.map((byte, i) => (i === 31 ? byte + 1 : byte))
    for (const value of [new Uint8Array(32), new Uint8Array(), order, above, new Uint8Array(32).fill(0xff)]) {
      expect(verifies({ ...good, signatureR: value })).toBe(false)
      expect(verifies({ ...good, signatureS: value })).toBe(false)
    }
    expect(verifies({ ...good, signatureR: good.signatureS, signatureS: good.signatureR })).toBe(false)
    expect(verifies(good)).toBe(true)
  })

  it('refuses other curves by name', () => {
    const { publicKey: key, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const signature = signEcdsa('sha256', privateKey)
    expect(() => verifySignature({ key, signature, message })).toThrow(
      codeOf('TPM_ALGORITHM_UNSUPPORTED', { algorithm: 'secp256k1' }),
    )
  })
})

describe('what does not belong together', () => {
  const p256 = eccSample()
  const ecdsa = signEcdsa('sha256', p256.privateKey)
  const rsassa = signRsa('rsassa', 'sha256', rsa.privateKey)

  it.each<[string, KeyObject, TpmtSignature]>([
    ['RSA signature, EC key', p256.publicKey, rsassa],
    ['EC signature, RSA key', rsa.publicKey, ecdsa],
    ['private key', rsa.privateKey, rsassa],
    ['Ed25519 key', generateKeyPairSync('ed25519').publicKey, ecdsa],
    ['RSA-PSS only key', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, rsassa],
  ])('is refused: %s', (_what, key, signature) => {
    expect(() => verifySignature({ key, signature, message })).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED'))
  })

  it.each<TpmtSignature>([
    { ...ecdsa, sigAlg: 'ecdaa' },
    { ...ecdsa, sigAlg: 'sm2' },
    { ...ecdsa, sigAlg: 'ecschnorr' },
    { ...ecdsa, sigAlg: 'eddsa' },
    { ...ecdsa, sigAlg: 'eddsa_ph' },
    { sigAlg: 'hmac', hmac: { hashAlg: 'sha256', digest: new Uint8Array(32) } },
    { sigAlg: 'null' },
  ])('$sigAlg is refused by name', (signature) => {
    expect(() => verifySignature({ key: p256.publicKey, signature, message })).toThrow(
      codeOf('TPM_ALGORITHM_UNSUPPORTED', { use: 'signature verification', algorithm: signature.sigAlg }),
    )
  })

  it('SHA-1 is refused unless asked for, other hashes always', () => {
    const signature = signRsa('rsassa', 'sha1', rsa.privateKey)
    const refused = codeOf('TPM_ALGORITHM_UNSUPPORTED', { algorithm: 'sha1' })
    expect(() => verifySignature({ key: rsa.publicKey, signature, message })).toThrow(refused)
    expect(verifySignature({ key: rsa.publicKey, signature, message, allowSha1: true })).toBe(true)
    for (const hash of ['sm3_256', 'sha3_256'] as const) {
      const other = { ...ecdsa, hash }
      expect(() =>
        verifySignature({ key: p256.publicKey, signature: other, message, allowSha1: true }),
      ).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED', { algorithm: hash }))
    }
  })

  it('a key with a scheme signs with that scheme and hash only', () => {
    const key = rsa.publicKey
    const verify = (signature: TpmtSignature, publicArea: TpmtPublic) =>
      verifySignature({ key, signature, message, publicArea })
    expect(verify(rsassa, rsa.publicArea)).toBe(true)
    const pss = signRsa('rsapss', 'sha256', rsa.privateKey)
    const sha384 = signRsa('rsassa', 'sha384', rsa.privateKey)
    for (const signature of [pss, sha384]) {
      expect(() => verify(signature, rsa.publicArea)).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED'))
    }
    const symmetric = { type: 'symcipher', parameters: {} } as unknown as TpmtPublic
    expect(() => verify(rsassa, symmetric)).toThrow(
      codeOf('TPM_ALGORITHM_UNSUPPORTED', { use: 'signature verification', algorithm: 'symcipher' }),
    )
    const { parameters } = rsa.publicArea
    const anyScheme = {
      ...rsa.publicArea,
      parameters: { ...parameters, scheme: { scheme: 'null' } as const },
    }
    expect(verify(pss, anyScheme)).toBe(true)
    const encryption = {
      ...rsa.publicArea,
      parameters: { ...parameters, scheme: { scheme: 'rsaes' } as const },
    }
    expect(() => verify(rsassa, encryption)).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED'))
    expect(() => verify(rsassa, akTemplates['ecc-p256'])).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED'))
  })
})

it('takes keys from elsewhere, such as certificates', () => {
  const key = createPublicKey(rsa.publicKey.export({ type: 'spki', format: 'pem' }))
  const signature = signRsa('rsapss', 'sha512', rsa.privateKey)
  expect(verifySignature({ key, signature, message })).toBe(true)
})
