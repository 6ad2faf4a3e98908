import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.js'
import { decode } from '../../src/codec/index.js'
import {
  akTemplates,
  ekPolicies,
  ekTemplates,
  matchesTemplate,
  objectAttributes,
  tpmtPublic,
  withEkNonce,
} from '../../src/tpm2/index.js'
import { recorded } from './recorded.js'
import { eccEk, rsaEk } from './samples.js'

const sha = (hash: string, ...parts: readonly string[]): string =>
  createHash(hash)
    .update(concatBytes(...parts.map(fromHex)))
    .digest('hex')

describe('endorsement policies', () => {
  it('A is PolicySecret of the endorsement hierarchy', () => {
    // policyUpdate(TPM_CC_PolicySecret, name, policyRef): two rounds of hashing, TPM 2.0 Part 3, section 23.2.3.
    const first = sha('sha256', '00'.repeat(32), '00000151', '4000000b')
    expect(toHex(ekPolicies.A.sha256)).toBe(sha('sha256', first))
  })

  it.each([
    ['sha256', '01c07f01'],
    ['sha384', '01c07f02'],
    ['sha512', '01c07f03'],
  ] as const)('B with %s is A or an authorisation in NV memory', (hash, index) => {
    const { length } = ekPolicies.B[hash]
    const zero = '00'.repeat(length)
    const a = sha(hash, sha(hash, zero, '00000151', '4000000b'))
    // TPMS_NV_PUBLIC of the index: written, policy-written, policy- and owner-readable, no_da; holds a TPMT_HA.
    const id = { sha256: '000b', sha384: '000c', sha512: '000d' }[hash]
    const attributes = '220f1008'
    const size = (length + 2).toString(16).padStart(4, '0')
    const name = id + sha(hash, index, id, attributes, length.toString(16).padStart(4, '0'), a, size)
    const c = sha(hash, zero, '00000192', name)
    expect(toHex(ekPolicies.B[hash])).toBe(sha(hash, zero, '00000171', a, c))
  })
})

describe('templates', () => {
  it('have the places and algorithms of the profile', () => {
    const rows = Object.values(ekTemplates).map(({ name, kind, publicArea, nv }) => [
      name,
      kind,
      publicArea.nameAlg,
      nv.certificate.toString(16),
      nv.template.toString(16),
    ])
    expect(rows).toEqual([
      ['L-1', 'rsa-2048', 'sha256', '1c00002', '1c00004'],
      ['L-2', 'ecc-p256', 'sha256', '1c0000a', '1c0000c'],
      ['H-1', 'rsa-2048', 'sha256', '1c00012', '1c00013'],
      ['H-2', 'ecc-p256', 'sha256', '1c00014', '1c00015'],
      ['H-3', 'ecc-p384', 'sha384', '1c00016', '1c00017'],
      ['H-4', 'ecc-p521', 'sha512', '1c00018', '1c00019'],
      ['H-5', 'ecc-sm2-p256', 'sm3_256', '1c0001a', '1c0001b'],
      ['H-6', 'rsa-3072', 'sha384', '1c0001c', '1c0001d'],
      ['H-7', 'rsa-4096', 'sha384', '1c0001e', '1c0001f'],
    ])
    for (const { name, publicArea } of Object.values(ekTemplates)) {
      expect(publicArea.objectAttributes.userWithAuth).toBe(name.startsWith('H'))
      expect(publicArea.parameters.symmetric).toMatchObject({
        algorithm: name === 'H-5' ? 'sm4' : 'aes',
        mode: 'cfb',
      })
    }
  })

  it('match the endorsement keys of a TPM, and nothing else does', () => {
    const [rsa, , ecc] = recorded.keys.map((key) => decode(tpmtPublic, fromHex(key.endorsementPublic)))
    if (rsa === undefined || ecc === undefined) throw new Error('no keys')
    expect(matchesTemplate(rsa, rsaEk)).toBe(true)
    expect(matchesTemplate(ecc, eccEk)).toBe(true)
    expect(matchesTemplate(rsa, eccEk)).toBe(false)
    expect(matchesTemplate(rsa, ekTemplates['H-1'].publicArea)).toBe(false)
    expect(matchesTemplate({ ...rsa, authPolicy: new Uint8Array() }, rsaEk)).toBe(false)
    expect(matchesTemplate({ ...rsa, objectAttributes: objectAttributes('decrypt') }, rsaEk)).toBe(false)
  })

  it('differ from the attestation keys of tpm2-tools in noDA alone', () => {
    for (const [i, template] of [akTemplates['rsa-2048'], undefined, akTemplates['ecc-p256']].entries()) {
      if (template === undefined) continue
      const made = decode(tpmtPublic, fromHex(recorded.keys[i]?.public ?? ''))
      const objectAttributes = { ...made.objectAttributes, noDA: true }
      expect(matchesTemplate({ ...made, objectAttributes }, template)).toBe(true)
    }
  })

  it('take a nonce at the start of the unique field', () => {
    const nonce = Uint8Array.of(1, 2, 3)
    const rsa = withEkNonce(rsaEk, nonce)
    expect(rsa.unique).toEqual(Uint8Array.of(1, 2, 3, ...new Uint8Array(253)))
    const ecc = withEkNonce(eccEk, new Uint8Array(40).fill(9))
    expect(ecc.unique).toEqual({ x: new Uint8Array(32).fill(9), y: new Uint8Array(32) })
    const short = withEkNonce(ekTemplates['H-2'].publicArea, nonce)
    expect(short.unique).toEqual({ x: Uint8Array.of(1, 2, 3, ...new Uint8Array(29)), y: new Uint8Array(32) })
  })
})
