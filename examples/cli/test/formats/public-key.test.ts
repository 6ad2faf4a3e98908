import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concatBytes, utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { readAttestationKey } from '../../src/formats/attestation-key.js'
import { readPublicArea } from '../../src/formats/public-area.js'
import { recorded } from '../running.js'

const tpmt = new Uint8Array(readFileSync(recorded('boot-secure/ak-rsa-2048.tpmt')))
const ecc = new Uint8Array(readFileSync(recorded('boot-secure/ak-ecc-p256.tpmt')))
const endorsement = new Uint8Array(readFileSync(recorded('boot-secure/ek-rsa-2048.tpmt')))
const sized = (bytes: Uint8Array, size = bytes.length): Uint8Array =>
  concatBytes(Uint8Array.of(size >> 8, size & 0xff), bytes)
const input = (bytes: Uint8Array | string) => ({
  name: 'key',
  bytes: typeof bytes === 'string' ? utf8(bytes) : bytes,
})
const outcomes = (bytes: Uint8Array | string) =>
  readAttestationKey(input(bytes)).checks.map(({ id, outcome }) => `${id} ${outcome}`)
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'spki' }))
const der = (key: KeyObject): Uint8Array => Uint8Array.from(key.export({ format: 'der', type: 'spki' }))
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })

describe('a public area', () => {
  test.each([
    ['TPMT_PUBLIC, RSA', tpmt, tpmt],
    ['TPM2B_PUBLIC, RSA', sized(tpmt), tpmt],
    ['TPMT_PUBLIC, ECC', ecc, ecc],
    ['TPM2B_PUBLIC, ECC', sized(ecc), ecc],
  ])('%s, is told by content', (_, bytes, expected) => {
    expect(readPublicArea(input(bytes)).bytes).toEqual(expected)
  })

  test.each([
    ['cut off', tpmt.subarray(0, 100), /^key: TPMT_PUBLIC\.unique: needs 256 bytes at offset 24, 76 /],
    [
      'cut off behind its size',
      sized(tpmt).subarray(0, 100),
      /^key: TPM2B_PUBLIC: needs 280 bytes at offset 2, /,
    ],
    ['with bytes behind it', concatBytes(tpmt, tpmt), /^key: TPMT_PUBLIC: 280 unread bytes .* offset 280/],
    [
      'larger than its size says',
      sized(tpmt, 279),
      /^key: TPM2B_PUBLIC\.unique: needs 256 bytes at offset 26, 255/,
    ],
    [
      'in PEM',
      utf8(pem(publicKey)),
      /^key: TPMT_PUBLIC\.type: expected a type of object at offset 0, .* 2d2d2d2d$/,
    ],
    ['of one byte', Uint8Array.of(0), /^key: TPMT_PUBLIC\.type: expected a type of object at offset 0/],
  ])('%s, is refused with its place', (_, bytes, message) => {
    expect(() => readPublicArea(input(bytes))).toThrow(message)
  })
})

describe('an attestation key', () => {
  test.each([
    ['TPMT_PUBLIC', tpmt],
    ['TPM2B_PUBLIC', sized(ecc)],
  ])('as %s shows that it is one', (_, bytes) => {
    expect(outcomes(bytes)).toEqual(['attestation-key.attributes pass'])
    expect(readAttestationKey(input(bytes)).key).toBeDefined()
  })

  test.each([
    ['PEM', pem(publicKey)],
    ['PEM with text around it', `# key\n${pem(publicKey)}\nend\n`],
    ['DER', der(publicKey)],
  ])('as bare key in %s cannot show it', (_, bytes) => {
    expect(outcomes(bytes)).toEqual(['attestation-key.attributes skipped'])
    expect(readAttestationKey(input(bytes)).key).toBeDefined()
  })

  test('that is an endorsement key is none', () => {
    expect(outcomes(endorsement)).toEqual(['attestation-key.attributes fail'])
  })

  test.each([
    ['PEM', pem(weak.publicKey)],
    ['DER', der(weak.publicKey)],
  ])('that is weak, in %s, is read and not accepted', (_, bytes) => {
    expect(outcomes(bytes)).toEqual(['attestation-key.attributes skipped', 'attestation-key.accepted fail'])
    expect(readAttestationKey(input(bytes)).key).toBeUndefined()
  })

  test('with a weak public area is read and not accepted', () => {
    const even = Uint8Array.from(tpmt)
    even[even.length - 1] = 0
    expect(outcomes(even)).toEqual(['attestation-key.attributes pass', 'attestation-key.accepted fail'])
  })

  test.each([
    ['nothing known', 'hello', 'key: expected at offset 0 a TPM2B_PUBLIC, a TPMT_PUBLIC or a public key'],
    [
      'a private key',
      String(weak.privateKey.export({ format: 'pem', type: 'pkcs8' })),
      'key: expected one PEM block PUBLIC KEY, found "PRIVATE KEY"',
    ],
    ['two keys', pem(publicKey) + pem(publicKey), 'key: expected one PEM block PUBLIC KEY, found 2 blocks'],
    ['half a key', pem(publicKey).slice(0, 60), 'key: the PEM bundle cannot be read: block 0 has no END'],
    ['DER of something else', Uint8Array.of(0x30, 3, 2, 1, 1), 'key: certificate subjectPublicKeyInfo'],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => readAttestationKey(input(bytes))).toThrow(message)
  })
})
