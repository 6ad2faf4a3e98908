import { describe, expect, it } from 'vitest'
import {
  append,
  ecKeys,
  makeCa,
  pssAlgorithm,
  rsaKeys,
  spkiOf,
} from '../../../../test/certificates/certificate-builder.js'
import { bitString, nothing, oid, sequence } from '../../../../test/certificates/der-writer.js'
import { toBase64 } from '../../src/bytes/index.js'
import { endorsementKeyId, type RegisteredKeyInput, readRegisteredKey } from '../../src/endorsement/index.js'
import type { TpmtPublic } from '../../src/tpm2/index.js'
import { parsePublicKey } from '../../src/x509/index.js'
import { recorded } from '../x509/recorded.js'
import { ekCertificate, publicAreaOf } from './test-tpm.js'

const ca = makeCa('vendor')
const pem = (label: string, der: Uint8Array) =>
  `-----BEGIN ${label}-----\n${toBase64(der)}\n-----END ${label}-----\n`
const codeOf = (input: RegisteredKeyInput) => {
  try {
    readRegisteredKey(input)
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('readRegisteredKey', () => {
  it.each([
    ['L-1', rsaKeys(), 'rsa-2048'],
    ['L-2', ecKeys(), 'ecc-p256'],
    ['H-3', ecKeys('P-384'), 'ecc-p384'],
  ] as const)('gives one id whatever the key comes in: %s', (template, keys, kind) => {
    const publicArea = publicAreaOf(keys, template)
    const certificate = ekCertificate(ca, keys)
    const spki = spkiOf(keys)
    const inputs: readonly RegisteredKeyInput[] = [
      { publicArea },
      { certificate },
      { spki },
      { pem: pem('PUBLIC KEY', spki) },
      { pem: pem('CERTIFICATE', certificate) },
    ]
    for (const input of inputs) {
      expect(readRegisteredKey(input)).toMatchObject({ id: endorsementKeyId(publicArea), spki, kind })
    }
    expect(readRegisteredKey({ certificate }).certificate?.model).toBe('SLB 9670')
    expect(readRegisteredKey({ spki })).not.toHaveProperty('certificate')
  })

  it('gives the same id for a key that is marked for OAEP', () => {
    const keys = rsaKeys()
    const raw = Uint8Array.from(keys.publicKey.export({ format: 'der', type: 'pkcs1' }))
    const marked = sequence(sequence(oid('1.2.840.113549.1.1.7'), nothing), bitString(raw))
    expect(readRegisteredKey({ spki: marked }).id).toBe(readRegisteredKey({ spki: spkiOf(keys) }).id)
    const signing = sequence(pssAlgorithm('sha256', 32), bitString(raw))
    expect(parsePublicKey(signing)).toMatchObject({ restriction: 'pss' })
    expect(codeOf({ spki: signing })).toBe('TPM_KEY_INVALID')
  })

  it.each(['rsa', 'p256', 'p384'])(
    'recorded certificate and key of swtpm_localca and openssl agree: %s',
    (name) => {
      const key = Buffer.from(recorded(`ek-${name}.pub.pem`)).toString()
      expect(readRegisteredKey({ certificate: recorded(`ek-${name}.der`) }).id).toBe(
        readRegisteredKey({ pem: key }).id,
      )
    },
  )

  it('refuses what is no endorsement key', () => {
    const keys = ecKeys()
    const spki = spkiOf(keys)
    const area = publicAreaOf(keys, 'L-2')
    const signing = { ...area, objectAttributes: { ...area.objectAttributes, sign: true } } as TpmtPublic
    const cases: readonly [RegisteredKeyInput, string][] = [
      [{ publicArea: signing }, 'TPM_KEY_INVALID'],
      [{ spki: append(spki, 0) }, 'CERTIFICATE_INVALID'],
      [{ spki: new Uint8Array() }, 'CERTIFICATE_INVALID'],
      [{ spki: new Uint8Array(8193) }, 'CERTIFICATE_INVALID'],
      [{ spki: spkiOf(rsaKeys(1024)) }, 'CERTIFICATE_INVALID'],
      [{ certificate: ca.issue({}) }, 'CERTIFICATE_INVALID'],
      [{ pem: '' }, 'CERTIFICATE_BUNDLE_INVALID'],
      [{ pem: pem('PUBLIC KEY', spki).repeat(2) }, 'CERTIFICATE_BUNDLE_INVALID'],
      [{ pem: pem('EC PRIVATE KEY', spki) }, 'CERTIFICATE_BUNDLE_INVALID'],
    ]
    for (const [input, code] of cases) expect(codeOf(input)).toBe(code)
  })
})
