import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.js'
import { encode } from '../../src/codec/index.js'
import {
  akTemplates,
  computeName,
  computeNvName,
  computeQualifiedName,
  ekTemplates,
  type HashAlgorithm,
  handleName,
  hierarchyName,
  nameAlgorithmOf,
  nvAttributes,
  tpmtPublic,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { recorded } from './recorded.js'

describe('names', () => {
  it.each(recorded.keys)('of a TPM ($scheme) are computed alike, from bytes and from values', (key) => {
    const publicArea = fromHex(key.public)
    expect(toHex(computeName(publicArea))).toBe(key.name)
    const endorsement = computeName(fromHex(key.endorsementPublic))
    const parent = computeQualifiedName(hierarchyName('endorsement'), endorsement)
    expect(toHex(computeQualifiedName(parent, fromHex(key.name)))).toBe(key.qualifiedName)
  })

  it.each(Object.values(ekTemplates))('of template $name are the id and the hash', ({ publicArea }) => {
    const bytes = encode(tpmtPublic, publicArea)
    const nameAlg = publicArea.nameAlg as HashAlgorithm
    const id = { sha256: '000b', sha384: '000c', sha512: '000d', sm3_256: '0012' }[nameAlg as 'sha256']
    const expected =
      id +
      createHash(nameAlg === 'sm3_256' ? 'sm3' : nameAlg)
        .update(bytes)
        .digest('hex')
    expect(toHex(computeName(publicArea))).toBe(expected)
    expect(toHex(computeName(bytes))).toBe(expected)
    expect(nameAlgorithmOf(computeName(bytes))).toBe(nameAlg)
  })

  it('are refused for objects without a name algorithm and for what is no public area', () => {
    const nameless = { ...akTemplates['rsa-2048'], nameAlg: 'null' } as const
    expect(() => computeName(nameless)).toThrow(codeOf('TPM_KEY_INVALID', { path: 'nameAlg' }))
    expect(() => computeName(encode(tpmtPublic, nameless))).toThrow(codeOf('TPM_KEY_INVALID'))
    expect(() => computeName(new Uint8Array())).toThrow(codeOf('CODEC_UNDERFLOW'))
    const trailing = concatBytes(encode(tpmtPublic, akTemplates['rsa-2048']), Uint8Array.of(0))
    expect(() => computeName(trailing)).toThrow(codeOf('CODEC_TRAILING'))
  })

  it.each([
    '',
    '00',
    '000b',
    `000b${'00'.repeat(31)}`,
    `000b${'00'.repeat(33)}`,
    `0001${'00'.repeat(32)}`,
    '4000000b',
  ])('are refused when they are %s', (hex) => {
    expect(() => nameAlgorithmOf(fromHex(hex))).toThrow(codeOf('TPM_KEY_INVALID'))
    expect(() => computeQualifiedName(hierarchyName('owner'), fromHex(hex))).toThrow(
      codeOf('TPM_KEY_INVALID'),
    )
  })
})

describe('names of NV indices', () => {
  const nvPublic = {
    nvIndex: 0x150_0001,
    nameAlg: 'sha256',
    attributes: nvAttributes('counter', 'ownerRead'),
    authPolicy: new Uint8Array(),
    dataSize: 8,
  } as const

  it.each([
    ['sha1', '0004'],
    ['sha256', '000b'],
    ['sha384', '000c'],
    ['sha512', '000d'],
  ] as const)('by %s are the id and the hash, from bytes and from values', (nameAlg, id) => {
    const bytes = fromHex(`01500001${id}0002001000000008`)
    const expected = id + createHash(nameAlg).update(bytes).digest('hex')
    expect(toHex(computeNvName({ ...nvPublic, nameAlg }))).toBe(expected)
    expect(toHex(computeNvName(bytes))).toBe(expected)
    expect(nameAlgorithmOf(computeNvName(bytes))).toBe(nameAlg)
  })

  it('are refused for what is no public area', () => {
    expect(() => computeNvName(new Uint8Array())).toThrow(codeOf('CODEC_UNDERFLOW'))
    expect(() => computeNvName(fromHex('01500001000b000200100000000800'))).toThrow(codeOf('CODEC_TRAILING'))
    expect(() => computeNvName({ ...nvPublic, nvIndex: 0x8101_0001 })).toThrow(codeOf('CODEC_RANGE'))
  })
})

describe('handles', () => {
  it('are their own names', () => {
    const names = (['owner', 'null', 'endorsement', 'platform'] as const).map((each) =>
      toHex(hierarchyName(each)),
    )
    expect(names).toEqual(['40000001', '40000007', '4000000b', '4000000c'])
    expect(toHex(handleName(0xffff_ffff))).toBe('ffffffff')
    for (const bad of [-1, 2 ** 32, 0.5]) {
      expect(() => handleName(bad)).toThrow(codeOf('ARGUMENT_INVALID'))
    }
  })
})
