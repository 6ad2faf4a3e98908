import { createECDH, createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  type AlgorithmName,
  curveFacts,
  digestOf,
  hashAlgorithms,
  hashFacts,
  isHashAlgorithm,
  tpmAlgId,
  tpmEccCurve,
  tpmiAlgHash,
  tpmiAlgHashOrNull,
} from '../../src/tpm2/index.js'
import { bothWays, codeOf } from '../codec/expectations.js'

describe('identifiers', () => {
  bothWays<AlgorithmName>(tpmAlgId, [
    ['rsa', '0001'],
    ['tdes', '0003'],
    ['sha1', '0004'],
    ['hmac', '0005'],
    ['aes', '0006'],
    ['mgf1', '0007'],
    ['keyedhash', '0008'],
    ['xor', '000a'],
    ['sha256', '000b'],
    ['sha384', '000c'],
    ['sha512', '000d'],
    ['sha256_192', '000e'],
    ['null', '0010'],
    ['sm3_256', '0012'],
    ['sm4', '0013'],
    ['rsassa', '0014'],
    ['rsaes', '0015'],
    ['rsapss', '0016'],
    ['oaep', '0017'],
    ['ecdsa', '0018'],
    ['ecdh', '0019'],
    ['ecdaa', '001a'],
    ['sm2', '001b'],
    ['ecschnorr', '001c'],
    ['ecmqv', '001d'],
    ['kdf1_sp800_56a', '0020'],
    ['kdf2', '0021'],
    ['kdf1_sp800_108', '0022'],
    ['ecc', '0023'],
    ['symcipher', '0025'],
    ['camellia', '0026'],
    ['sha3_256', '0027'],
    ['sha3_384', '0028'],
    ['sha3_512', '0029'],
    ['shake128', '002a'],
    ['shake256', '002b'],
    ['shake256_192', '002c'],
    ['shake256_256', '002d'],
    ['shake256_512', '002e'],
    ['cmac', '003f'],
    ['ctr', '0040'],
    ['ofb', '0041'],
    ['cbc', '0042'],
    ['cfb', '0043'],
    ['ecb', '0044'],
    ['ccm', '0050'],
    ['gcm', '0051'],
    ['kw', '0052'],
    ['kwp', '0053'],
    ['eax', '0054'],
    ['eddsa', '0060'],
    ['eddsa_ph', '0061'],
    ['lms', '0070'],
    ['xmss', '0071'],
  ])
  bothWays(tpmEccCurve, [
    ['P-192', '0001'],
    ['P-224', '0002'],
    ['P-256', '0003'],
    ['P-384', '0004'],
    ['P-521', '0005'],
    ['BN-P256', '0010'],
    ['BN-P638', '0011'],
    ['SM2-P256', '0020'],
    ['brainpoolP256r1', '0030'],
    ['brainpoolP384r1', '0031'],
    ['brainpoolP512r1', '0032'],
    ['curve25519', '0040'],
    ['curve448', '0041'],
  ])

  it('refuses what is not in the table, and hashes that are none', () => {
    expect(() => decode(tpmAlgId, fromHex('0000'))).toThrow(codeOf('CODEC_VALUE', { offset: 0 }))
    expect(() => decode(tpmiAlgHash, fromHex('0001'))).toThrow(codeOf('CODEC_VALUE'))
    expect(() => decode(tpmiAlgHash, fromHex('0010'))).toThrow(codeOf('CODEC_VALUE'))
    expect(decode(tpmiAlgHashOrNull, fromHex('0010'))).toBe('null')
    expect(() => encode(tpmiAlgHash, 'rsa' as 'sha1')).toThrow(codeOf('CODEC_RANGE'))
    expect(['sha256', 'rsa', 'toString', ''].map(isHashAlgorithm)).toEqual([true, false, false, false])
  })
})

describe('hashes', () => {
  it.each(hashAlgorithms)('%s is what OpenSSL computes, of the size in the table', (name) => {
    const { node, size } = hashFacts(name)
    const data = Uint8Array.of(1, 2, 3)
    expect(toHex(digestOf(name, data))).toBe(createHash(node).update(data).digest('hex'))
    expect(digestOf(name, data)).toHaveLength(size)
  })
})

describe('curves', () => {
  it.each(['P-256', 'P-384', 'P-521'])('%s has the order that OpenSSL knows', (name) => {
    const facts = curveFacts(name)
    if (facts === undefined) throw new Error(`no ${name}`)
    const below = Uint8Array.from(facts.order)
    below[below.length - 1] = (below.at(-1) as number) - 1
    const key = createECDH(facts.node)
    key.setPrivateKey(below)
    expect(key.getPublicKey()).toHaveLength(1 + 2 * facts.bytes)
    expect(() => createECDH(facts.node).setPrivateKey(facts.order)).toThrow()
  })

  it('are usable only when they are known enough', () => {
    expect(curveFacts('BN-P256')).toBeUndefined()
    expect(curveFacts('toString')).toBeUndefined()
  })
})
