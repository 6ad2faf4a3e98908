import { concatBytes, fromHex } from '@trusthold/core/bytes'
import { akTemplates, type CurveName, curveFacts, type EccPublic, publicKeyOf } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { ecPair, hashes, jwkBytes, keyInvalid, signEcdsa, unsupported, verifies } from './signatures.js'

describe('T-12 ECDSA', () => {
  describe.each(['P-256', 'P-384', 'P-521'] as const)('%s', (curve) => {
    const { publicKey, privateKey } = ecPair(curve)
    const { order, bytes } = curveFacts(curve) as NonNullable<ReturnType<typeof curveFacts>>
    const honest = signEcdsa('sha256', privateKey)

    test.each(hashes)('over %s, and no other hash', (hash) => {
      const signature = signEcdsa(hash, privateKey)
      expect(verifies(publicKey, signature)).toBe(true)
      for (const other of hashes.filter((each) => each !== hash)) {
        expect(verifies(publicKey, { ...signature, hash: other })).toBe(false)
      }
    })

    const above = (by: number): Uint8Array => order.with(bytes - 1, (order[bytes - 1] as number) + by)
    test.each<[string, Uint8Array]>([
      ['nothing', new Uint8Array()],
      ['0', new Uint8Array(bytes)],
      ['0 in one byte', new Uint8Array(1)],
      ['n', order],
      ['n + 1', above(1)],
      ['n + 2', above(2)],
      ['all ones', new Uint8Array(bytes).fill(0xff)],
      ['a byte too long', concatBytes(Uint8Array.of(1), new Uint8Array(bytes))],
      ['128 bytes', new Uint8Array(128).fill(1)],
    ])('r or s of %s does not verify', (_what, value) => {
      expect(verifies(publicKey, { ...honest, signatureR: value })).toBe(false)
      expect(verifies(publicKey, { ...honest, signatureS: value })).toBe(false)
      expect(verifies(publicKey, { ...honest, signatureR: value, signatureS: value })).toBe(false)
    })

    test('r + n and s + n, equal modulo n, do not verify', () => {
      const toInteger = (value: Uint8Array): bigint => BigInt(`0x${Buffer.from(value).toString('hex')}`)
      for (const member of ['signatureR', 'signatureS'] as const) {
        const sum = (toInteger(honest[member]) + toInteger(order)).toString(16)
        const wide = fromHex(sum.padStart((bytes + 1) * 2, '0'))
        expect(verifies(publicKey, { ...honest, [member]: wide })).toBe(false)
        if (sum.length <= bytes * 2) {
          const narrow = fromHex(sum.padStart(bytes * 2, '0'))
          expect(verifies(publicKey, { ...honest, [member]: narrow })).toBe(false)
        }
      }
    })

    test('integers with a leading zero more do not verify, with all leading zeros missing they do', () => {
      const strip = (value: Uint8Array): Uint8Array => value.subarray(value.findIndex((byte) => byte !== 0))
      const padded = concatBytes(Uint8Array.of(0), honest.signatureR)
      expect(verifies(publicKey, { ...honest, signatureR: padded })).toBe(false)
      for (let stripped = 0; stripped === 0; ) {
        // P-521 integers have one nearly always, the others one time in 128.
        const signature = signEcdsa('sha256', privateKey)
        const [signatureR, signatureS] = [strip(signature.signatureR), strip(signature.signatureS)]
        expect(verifies(publicKey, { ...signature, signatureR, signatureS })).toBe(true)
        stripped = 2 * bytes - signatureR.length - signatureS.length
      }
    })

    test('a signature for another key or with its halves swapped does not verify', () => {
      expect(verifies(ecPair(curve).publicKey, honest)).toBe(false)
      const { signatureR, signatureS } = honest
      expect(verifies(publicKey, { ...honest, signatureR: signatureS, signatureS: signatureR })).toBe(false)
    })

    test('points that are none make no key', () => {
      const template = akTemplates['ecc-p256']
      const area = (x: Uint8Array, y: Uint8Array): EccPublic => ({
        ...template,
        parameters: { ...template.parameters, curveID: curve },
        unique: { x, y },
      })
      const [x, y] = [jwkBytes(publicKey, 'x'), jwkBytes(publicKey, 'y')]
      expect(publicKeyOf(area(x, y)).equals(publicKey)).toBe(true)
      const off = y.with(bytes - 1, (y[bytes - 1] as number) ^ 1)
      const zeros = new Uint8Array(bytes)
      const ones = new Uint8Array(bytes).fill(0xff)
      for (const [a, b] of [
        [x, off],
        [zeros, zeros],
        [zeros, y],
        [ones, y],
        [x, ones],
        [new Uint8Array(), new Uint8Array()],
        [concatBytes(Uint8Array.of(0), x), y],
        [x, concatBytes(y, Uint8Array.of(0))],
      ] as const) {
        expect(() => publicKeyOf(area(a, b))).toThrow(keyInvalid)
      }
    })
  })

  test.each(['secp224r1', 'secp256k1', 'prime192v1', 'brainpoolP256r1', 'sect283r1'])(
    'keys on %s are refused by name',
    (curve) => {
      const { publicKey, privateKey } = ecPair(curve)
      expect(() => verifies(publicKey, signEcdsa('sha256', privateKey))).toThrow(unsupported)
    },
  )

  test.each<CurveName>([
    ...(['P-192', 'P-224', 'BN-P256', 'BN-P638', 'SM2-P256'] as const),
    ...(['brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1', 'curve25519', 'curve448'] as const),
  ])('public areas on %s are refused by name', (curveID) => {
    const template = akTemplates['ecc-p256']
    const { publicKey } = ecPair('P-256')
    const unique = { x: jwkBytes(publicKey, 'x'), y: jwkBytes(publicKey, 'y') }
    const area = { ...template, parameters: { ...template.parameters, curveID }, unique }
    expect(() => publicKeyOf(area)).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ algorithm: curveID }) as unknown }),
    )
  })
})
