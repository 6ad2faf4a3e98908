import { describe, expect, it } from 'vitest'
import {
  basicConstraints,
  commonName,
  ecKeys,
  extendedKeyUsage,
  extension,
  keyUsage,
  makeCa,
  now,
  rsaKeys,
} from '../../../../test/certificates/certificate-builder.js'
import {
  bitString,
  implicit,
  integer,
  nothing,
  oid,
  sequence,
  set,
} from '../../../../test/certificates/der-writer.js'
import { parseEkCertificate, proveEkCertificate } from '../../src/endorsement/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import { indexCertificates, parseCertificate, readCertificates } from '../../src/x509/index.js'
import { madeAt, recorded } from '../x509/recorded.js'
import {
  type EkParts,
  ekCertificate,
  manufacturer,
  model,
  tpmAttribute,
  tpmName,
  version,
} from './test-tpm.js'

const ca = makeCa('vendor')
const ec = ecKeys()
const rsa = rsaKeys()

function refusal(der: Uint8Array): string {
  try {
    parseEkCertificate(der)
  } catch (error) {
    if (isTrustholdError(error, 'CERTIFICATE_INVALID'))
      return `${error.context.path}: ${error.context.actual}`
    throw error
  }
  return 'accepted'
}

describe('parseEkCertificate', () => {
  it.each([
    ['EC', ec],
    ['RSA', rsa],
  ])('reads what it says about the TPM: %s', (_, keys) => {
    expect(parseEkCertificate(ekCertificate(ca, keys))).toMatchObject({
      manufacturer: { id: '49465800', name: 'Infineon' },
      model: 'SLB 9670',
      version: '0755',
      extendedKeyUsagePresent: true,
    })
  })

  it('knows no name for an unknown vendor', () => {
    const names = [tpmName(tpmAttribute(1, 'id:0000abcd'), model, version)]
    expect(parseEkCertificate(ekCertificate(ca, ec, { names })).manufacturer).toEqual({ id: '0000ABCD' })
  })

  it('accepts what certificates in the field have', () => {
    const oneSet = sequence(set(manufacturer, model, version))
    const accepted: readonly EkParts[] = [
      { names: [implicit(2, Buffer.from('x.example')), tpmName(manufacturer, model, version)] },
      { names: [Uint8Array.from([0xa4, oneSet.length, ...oneSet])] },
      { names: [tpmName(version, model, manufacturer)] },
      { usage: keyUsage(0, 4) },
      { extendedUsage: undefined },
      { extendedUsage: extendedKeyUsage(['1.2.3', '2.23.133.8.1'], true) },
    ]
    for (const parts of accepted) expect(refusal(ekCertificate(ca, ec, parts))).toBe('accepted')
    expect(
      parseEkCertificate(ekCertificate(ca, ec, { extendedUsage: undefined })).extendedKeyUsagePresent,
    ).toBe(false)
    const named = { subject: commonName('ek') }
    expect(refusal(ekCertificate(ca, ec, { namesCritical: false }, named))).toBe('accepted')
  })

  it('accepts a key that is marked for OAEP, as old Infineon certificates have it, and only on the leaf', async () => {
    const rsaPublicKey = rsa.publicKey.export({ format: 'der', type: 'pkcs1' })
    const spki = sequence(
      sequence(oid('1.2.840.113549.1.1.7'), nothing),
      bitString(Uint8Array.from(rsaPublicKey)),
    )
    const ek = parseEkCertificate(ekCertificate(ca, rsa, {}, { spki }))
    expect(ek.certificate.publicKey).toMatchObject({ kind: 'rsa', restriction: 'oaep' })
    const anchors = indexCertificates([parseCertificate(ca.der)])
    expect((await proveEkCertificate(ek, { anchors, at: now })).certificates).toHaveLength(2)
    const oaepCa = makeCa('oaep', undefined, { keys: rsa, spki, extensions: [basicConstraints(true)] })
    const below = parseEkCertificate(ekCertificate(oaepCa, ec))
    const trust = { anchors: indexCertificates([parseCertificate(oaepCa.der)]), at: now }
    await expect(proveEkCertificate(below, trust)).rejects.toThrow('an RSA key for oaep only')
  })

  const san = 'extensions.subjectAlternativeNames'
  const cases: readonly [string, EkParts, string][] = [
    ['no TPM name', { names: [implicit(2, Buffer.from('x'))] }, `${san}: 0`],
    [
      'two TPM names',
      { names: [tpmName(manufacturer, model, version), tpmName(manufacturer, model, version)] },
      `${san}: 2`,
    ],
    ['attributes over two names', { names: [tpmName(manufacturer, model), tpmName(version)] }, `${san}: 2`],
    ['no manufacturer', { names: [tpmName(model, version)] }, `${san}.manufacturer: none`],
    ['no model', { names: [tpmName(manufacturer, version)] }, `${san}.model: none`],
    ['no version', { names: [tpmName(manufacturer, model)] }, `${san}.version: none`],
    [
      'two manufacturers',
      { names: [tpmName(manufacturer, manufacturer, model, version)] },
      `${san}.manufacturer: more`,
    ],
    [
      'a manufacturer without id:',
      { names: [tpmName(tpmAttribute(1, '49465800'), model, version)] },
      `${san}.manufacturer`,
    ],
    [
      'a manufacturer that is too long',
      { names: [tpmName(tpmAttribute(1, 'id:4946580000'), model, version)] },
      `${san}.manufacturer`,
    ],
    [
      'a model with a line feed (T-45)',
      { names: [tpmName(manufacturer, tpmAttribute(2, 'a\nb'), version)] },
      `${san}.model`,
    ],
    ['an empty model', { names: [tpmName(manufacturer, tpmAttribute(2, ''), version)] }, `${san}.model`],
    [
      'a version that is no number',
      { names: [tpmName(manufacturer, model, tpmAttribute(3, 'id:x'))] },
      `${san}.version`,
    ],
    [
      'a version that is no text',
      { names: [tpmName(manufacturer, model, sequence(oid('2.23.133.2.3'), integer(1)))] },
      `${san}.version`,
    ],
    ['names not critical while the subject is empty', { namesCritical: false }, `${san}: not critical`],
    ['no basic constraints', { constraints: undefined }, 'extensions.basicConstraints: none'],
    ['a CA', { constraints: basicConstraints(true) }, 'extensions.basicConstraints: a CA'],
    ['no key usage', { usage: undefined }, 'extensions.keyUsage: none'],
    [
      'key usage that is not critical',
      { usage: extension('2.5.29.15', bitString(Uint8Array.of(0x08), 3)) },
      'extensions.keyUsage: not critical',
    ],
    ['a signing key, as an AK has it', { usage: keyUsage(0) }, 'extensions.keyUsage: digitalSignature'],
    ['the usage of the other algorithm', { usage: keyUsage(2) }, 'extensions.keyUsage: keyEncipherment'],
    [
      'a key that signs certificates',
      { usage: keyUsage(4, 5) },
      'extensions.keyUsage: keyAgreement, keyCertSign',
    ],
    [
      'the usage of an AK certificate',
      { extendedUsage: extendedKeyUsage(['2.23.133.8.3']) },
      'extensions.extendedKeyUsage: 2.23.133.8.3',
    ],
    [
      'a usage that only starts the same',
      { extendedUsage: extendedKeyUsage(['2.23.133.8.1.1']) },
      'extensions.extendedKeyUsage: 2.23.133.8.1.1',
    ],
    [
      'any usage',
      { extendedUsage: extendedKeyUsage(['2.5.29.37.0']) },
      'extensions.extendedKeyUsage: 2.5.29.37.0',
    ],
    ['no authority key identifier', { authority: undefined }, 'extensions.authorityKeyId: none'],
  ]
  it.each(cases)('refuses %s (T-21)', (_, parts, reason) => {
    expect(refusal(ekCertificate(ca, ec, parts))).toContain(reason)
  })

  it('refuses a certificate without alternative names', () => {
    const der = ca.issue({
      keys: ec,
      extensions: [
        basicConstraints(false),
        keyUsage(4),
        extension('2.5.29.35', sequence(implicit(0, Uint8Array.of(1)))),
      ],
    })
    expect(refusal(der)).toBe(`${san}: none`)
  })

  it('refuses weak keys', () => {
    expect(refusal(ekCertificate(ca, rsaKeys(1024)))).toContain('1024 bits')
    expect(
      refusal(
        ekCertificate(
          ca,
          rsa,
          {},
          { spki: sequence(sequence(oid('1.3.101.110')), bitString(new Uint8Array(32))) },
        ),
      ),
    ).toContain('1.3.101.110')
  })
})

describe('proveEkCertificate', () => {
  it('refuses a path through a CA that is limited to other certificates', async () => {
    const limited = makeCa('ak only', undefined, {
      extensions: [basicConstraints(true), extendedKeyUsage(['2.23.133.8.3'])],
    })
    const ek = parseEkCertificate(ekCertificate(limited, ec))
    const anchors = indexCertificates([parseCertificate(limited.der)])
    await expect(proveEkCertificate(ek, { anchors, at: now })).rejects.toThrow('path[1].extendedKeyUsage')
  })

  it.each(['ek-rsa.der', 'ek-p256.der', 'ek-p384.der'])(
    'believes what swtpm_localca made: %s',
    async (file) => {
      const ek = parseEkCertificate(recorded(file))
      expect(ek).toMatchObject({
        manufacturer: { id: '00001014', name: 'swtpm' },
        model: 'swtpm',
        version: '20191023',
      })
      const [root, issuer] = readCertificates(recorded('ek-ca.pem'))
      if (root === undefined || issuer === undefined) throw new Error('two CAs expected')
      const byRoot = { anchors: indexCertificates([root]), intermediates: [issuer], at: madeAt }
      expect((await proveEkCertificate(ek, byRoot)).certificates).toHaveLength(3)
      const byIssuer = { anchors: indexCertificates([issuer]), at: madeAt }
      expect((await proveEkCertificate(ek, byIssuer)).certificates).toHaveLength(2)
    },
  )
})
