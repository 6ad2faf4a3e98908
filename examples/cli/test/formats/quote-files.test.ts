import { readFileSync } from 'node:fs'
import { concatBytes, fromHex } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import { tpmtSignature } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { readQuoteMessage } from '../../src/formats/quote-message.js'
import { parseScheme, readSignature } from '../../src/formats/signature.js'
import { recorded } from '../running.js'

const file = (name: string): Uint8Array => new Uint8Array(readFileSync(recorded(`boot-secure/${name}`)))
const message = file('quote-rsa-2048-sha256.attest')
const rsa = file('quote-rsa-2048-sha256.sig')
const ecc = file('quote-ecc-p256-sha256.sig')
const input = (bytes: Uint8Array) => ({ name: 'quote', bytes })
const sized = (bytes: Uint8Array, size = bytes.length): Uint8Array =>
  concatBytes(Uint8Array.of(size >> 8, size & 0xff), bytes)

describe('the message', () => {
  test.each([
    ['TPMS_ATTEST', message],
    ['TPM2B_ATTEST', sized(message)],
  ])('%s is told by content, and its own bytes are what is signed', (_, bytes) => {
    expect(readQuoteMessage(input(bytes)).bytes).toEqual(message)
  })

  test.each([
    ['cut off', message.subarray(0, 50), /^quote: TPMS_ATTEST\..* at offset \d+/],
    [
      'cut off behind its size',
      sized(message).subarray(0, 50),
      /^quote: TPM2B_ATTEST: needs .* at offset 2, /,
    ],
    ['smaller than its size says', sized(message, message.length + 1), /^quote: TPM2B_ATTEST: needs /],
    ['larger than its size says', sized(message, message.length - 1), /^quote: TPM2B_ATTEST\..* at offset /],
    ['with bytes behind it', concatBytes(message, Uint8Array.of(0)), /^quote: TPMS_ATTEST: 1 unread bytes/],
    ['not of a TPM', fromHex('fe5443478018'), /^quote: TPMS_ATTEST\.magic: expected 0xff544347 at offset 0/],
  ])('%s is refused with its place in the file', (_, bytes, expected) => {
    expect(() => readQuoteMessage(input(bytes))).toThrow(expected)
  })
})

describe('the signature', () => {
  const bare = rsa.subarray(6)

  test('as TPMT_SIGNATURE is taken as it is', () => {
    expect(readSignature(input(rsa), undefined)).toEqual(rsa)
    expect(readSignature(input(ecc), undefined)).toEqual(ecc)
  })

  test('as TPMT_SIGNATURE may come with its own scheme', () => {
    expect(readSignature(input(rsa), parseScheme('rsassa:sha256'))).toEqual(rsa)
  })

  test('as bare integer is completed with its scheme', () => {
    expect(readSignature(input(bare), parseScheme('rsassa:sha256'))).toEqual(rsa)
    const { sigAlg } = decode(tpmtSignature, readSignature(input(bare), parseScheme('rsapss:sha384')))
    expect(sigAlg).toBe('rsapss')
  })

  test('as two integers is completed with its scheme', () => {
    const signature = decode(tpmtSignature, ecc)
    if (signature.sigAlg !== 'ecdsa') throw new Error('recorded otherwise')
    const joined = concatBytes(signature.signatureR, signature.signatureS)
    expect(readSignature(input(joined), parseScheme('ecdsa:sha256'))).toEqual(ecc)
  })

  test.each([
    [
      'bare, without scheme',
      bare,
      undefined,
      /^quote: TPMT_SIGNATURE.* at offset 0.*; a bare signature needs --scheme$/,
    ],
    [
      'cut off',
      rsa.subarray(0, 100),
      undefined,
      /^quote: TPMT_SIGNATURE\.sig: needs 256 bytes at offset 6, 94 /,
    ],
    ['of RSA with the scheme of ECDSA', bare, 'ecdsa:sha256', /^quote: ECDSA-Sig-Value/],
    [
      'longer than any',
      new Uint8Array(4096),
      'rsassa:sha256',
      /^quote: TPMT_SIGNATURE\.sig: cannot write 4096 bytes/,
    ],
  ])('%s is refused', (_, bytes, scheme, expected) => {
    expect(() => readSignature(input(bytes), scheme === undefined ? undefined : parseScheme(scheme))).toThrow(
      expected,
    )
  })
})

test.each(['rsassa', 'rsassa:', 'rsassa:md5', 'hmac:sha256', 'rsassa:sha256:1', 'RSASSA:SHA256', ':', ''])(
  '%j is no scheme',
  (text) => {
    expect(parseScheme(text)).toBeUndefined()
  },
)
