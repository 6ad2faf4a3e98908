import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  verify,
} from 'node:crypto'
import { concatBytes, fromHex, toBase64url } from '@trusthold/core/bytes'
import { digestOf, hashFacts, publicKeyOf, type RsaPublic } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import {
  hashes,
  jwkBytes,
  keyInvalid,
  message,
  type RsaSignature,
  rsaArea,
  signPkcs1,
  signPss,
  verifies,
} from './signatures.js'

const rsaPairs = new Map(
  [2048, 3072].map((bits) => [bits, generateKeyPairSync('rsa', { modulusLength: bits })] as const),
)
const rsa = rsaPairs.get(2048) as { publicKey: KeyObject; privateKey: KeyObject }

/** DER of a DigestInfo of the message, SHA-256. */
const digestInfo = concatBytes(fromHex('3031300d060960864801650304020105000420'), digestOf('sha256', message))
/** The same with the padding of PKCS#1 for RSA-2048. */
const paddedMessage = concatBytes(
  fromHex('0001'),
  new Uint8Array(256 - 3 - digestInfo.length).fill(0xff),
  fromHex('00'),
  digestInfo,
)

/** An RSA key with any numbers in it. */
function rsaKeyOf(n: Uint8Array, e: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'RSA', n: toBase64url(n), e: toBase64url(e) }, format: 'jwk' })
}

/** The RSA operation with the private key on a block as it is. */
const applyPrivateKey = (key: KeyObject, block: Uint8Array): Uint8Array =>
  new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block))

describe('T-12 RSASSA and RSAPSS', () => {
  describe.each([...rsaPairs])('RSA-%i', (bits, { publicKey, privateKey }) => {
    test.each(hashes)('RSASSA over %s', (hash) => {
      const signature = signPkcs1(hash, privateKey)
      expect(verifies(publicKey, signature)).toBe(true)
      for (const other of hashes.filter((each) => each !== hash)) {
        expect(verifies(publicKey, { ...signature, hash: other })).toBe(false)
      }
      expect(verifies(publicKey, { ...signature, sigAlg: 'rsapss' })).toBe(false)
    })

    test.each(hashes)('RSAPSS over %s, with the shortest and the longest salt and those between', (hash) => {
      const { size } = hashFacts(hash)
      const longest = bits / 8 - size - 2
      for (const saltLength of [0, 1, size - 1, size, size + 1, longest - 1, longest]) {
        const signature = signPss(hash, privateKey, saltLength)
        expect(verifies(publicKey, signature), `salt of ${saltLength}`).toBe(true)
        expect(verifies(publicKey, { ...signature, sigAlg: 'rsassa' })).toBe(false)
        for (const other of hashes.filter((each) => each !== hash)) {
          expect(verifies(publicKey, { ...signature, hash: other })).toBe(false)
        }
      }
    })
  })

  const honest = signPkcs1('sha256', rsa.privateKey)
  const n = jwkBytes(rsa.publicKey, 'n')
  const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  const toBytes = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(512, '0'))

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['zero', new Uint8Array(256)],
    ['one', concatBytes(new Uint8Array(255), Uint8Array.of(1))],
    ['the modulus', n],
    ['the modulus less one', toBytes(toInteger(n) - 1n)],
    ['all ones', new Uint8Array(256).fill(0xff)],
    ['a byte short', honest.sig.subarray(1)],
    ['a byte short at the end', honest.sig.subarray(0, 255)],
    ['a leading zero more', concatBytes(Uint8Array.of(0), honest.sig)],
    ['a trailing zero more', concatBytes(honest.sig, Uint8Array.of(0))],
    ['twice as long', concatBytes(honest.sig, honest.sig)],
  ])('a signature that is %s does not verify', (_what, sig) => {
    for (const sigAlg of ['rsassa', 'rsapss'] as const) {
      expect(verifies(rsa.publicKey, { sigAlg, hash: 'sha256', sig })).toBe(false)
    }
  })

  test('the signature plus the modulus, equal modulo n, does not verify', () => {
    const sum = toInteger(honest.sig) + toInteger(n)
    const sig = fromHex(sum.toString(16).padStart(514, '0'))
    expect(verifies(rsa.publicKey, { ...honest, sig })).toBe(false)
    if (sum < 2n ** 2048n) expect(verifies(rsa.publicKey, { ...honest, sig: sig.subarray(1) })).toBe(false)
  })

  test('PKCS#1 padding with something else in it does not verify', () => {
    const { publicKey, privateKey } = rsa
    const block = (...parts: readonly Uint8Array[]): Uint8Array => {
      const content = concatBytes(...parts)
      return concatBytes(content, new Uint8Array(256 - content.length))
    }
    const forged = [
      // Short padding with the rest left free, as e = 3 was attacked.
      block(fromHex('0001ffffffffffffffff00'), digestInfo),
      // Block type 2, and no padding at all.
      block(fromHex('0002'), new Uint8Array(202).fill(0xff), fromHex('00'), digestInfo),
      block(fromHex('000100'), digestInfo),
    ]
    for (const padded of forged) {
      const sig = applyPrivateKey(privateKey, padded)
      expect(verifies(publicKey, { sigAlg: 'rsassa', hash: 'sha256', sig })).toBe(false)
    }
    // The same way, with the right padding, does verify: the attack itself works.
    const sig = applyPrivateKey(privateKey, paddedMessage)
    expect(verifies(publicKey, { sigAlg: 'rsassa', hash: 'sha256', sig })).toBe(true)
  })
})

describe('T-12 RSA keys that prove nothing or cost too much', () => {
  const n = jwkBytes(rsa.publicKey, 'n')
  const honest = signPkcs1('sha256', rsa.privateKey)

  test.each([512, 1024, 1536, 2040])('of %i bits', (bits) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
    expect(() => verifies(publicKey, signPkcs1('sha256', privateKey))).toThrow(keyInvalid)
    expect(() => publicKeyOf(rsaArea(jwkBytes(publicKey, 'n'), bits))).toThrow(keyInvalid)
  })

  test.each([0, 1, 2, 3, 17, 65_535, 65_536, 65_538, 2 ** 32 - 2])('with exponent %i', (exponent) => {
    if (exponent !== 0) {
      expect(() => publicKeyOf(rsaArea(n, 2048, exponent))).toThrow(keyInvalid)
    }
    const e = fromHex(exponent.toString(16).padStart(8, '0'))
    let key: KeyObject
    try {
      key = rsaKeyOf(n, e)
    } catch {
      return // OpenSSL does not even take it.
    }
    expect(() => verifies(key, honest)).toThrow(keyInvalid)
  })

  test('with exponent 1, where the padded message is its own signature', () => {
    const key = rsaKeyOf(n, Uint8Array.of(1))
    expect(verify('sha256', message, key, paddedMessage)).toBe(true)
    expect(() => verifies(key, { sigAlg: 'rsassa', hash: 'sha256', sig: paddedMessage })).toThrow(keyInvalid)
    expect(() => publicKeyOf(rsaArea(n, 2048, 1))).toThrow(keyInvalid)
  })

  test('with an exponent of 33 bits, of 64, and as long as the modulus', () => {
    for (const bytes of [5, 8, 256]) {
      const e = new Uint8Array(bytes).fill(0x7f)
      expect(() => verifies(rsaKeyOf(n, e), honest)).toThrow(keyInvalid)
    }
  })

  test('with a modulus above 16,384 bits', () => {
    const large = new Uint8Array(2056).fill(0xff)
    const signature: RsaSignature = { sigAlg: 'rsassa', hash: 'sha256', sig: new Uint8Array(2056) }
    expect(() => publicKeyOf(rsaArea(large, 16_448))).toThrow(keyInvalid)
    expect(() => verifies(rsaKeyOf(large, fromHex('010001')), signature)).toThrow(keyInvalid)
  })

  test('at both ends of what is accepted', () => {
    const largest = new Uint8Array(2048).fill(0xff)
    expect(publicKeyOf(rsaArea(largest, 16_384)).asymmetricKeyDetails?.modulusLength).toBe(16_384)
    const signature: RsaSignature = { sigAlg: 'rsassa', hash: 'sha256', sig: new Uint8Array(2048).fill(1) }
    expect(verifies(rsaKeyOf(largest, fromHex('010001')), signature)).toBe(false)
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicExponent: 0xffff_fffb,
    })
    const area = rsaArea(jwkBytes(publicKey, 'n'), 2048, 0xffff_fffb)
    expect(verifies(publicKeyOf(area), signPkcs1('sha256', privateKey), area)).toBe(true)
  })

  test.each<[string, RsaPublic]>([
    ['an even modulus', rsaArea(n.with(255, (n[255] as number) & 0xfe))],
    ['a modulus with leading zeros', rsaArea(concatBytes(Uint8Array.of(0), n.subarray(0, 255)))],
    ['a modulus longer than it says', rsaArea(concatBytes(n, n), 2048)],
    ['a modulus shorter than it says', rsaArea(n.subarray(1), 2048)],
    ['the size of another modulus', rsaArea(n, 3072)],
    ['no modulus', rsaArea(new Uint8Array())],
    ['a modulus of zeros', rsaArea(new Uint8Array(256))],
  ])('with %s', (_what, area) => {
    expect(() => publicKeyOf(area)).toThrow(keyInvalid)
  })

  test('with an even modulus from elsewhere: never verified', () => {
    const key = rsaKeyOf(n.with(255, (n[255] as number) & 0xfe), fromHex('010001'))
    expect(verifies(key, honest)).toBe(false)
  })
})
