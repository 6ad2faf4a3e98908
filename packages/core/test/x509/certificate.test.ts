import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  append,
  authorityKeyId,
  basicConstraints,
  type CertificateShape,
  commonName,
  extendedKeyUsage,
  extension,
  keyUsage,
  makeCertificate,
  pssAlgorithm,
  rsaKeys,
  subjectKeyId,
} from '../../../../test/certificates/certificate-builder.js'
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  text,
  tlv,
} from '../../../../test/certificates/der-writer.js'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.js'
import { isTrustholdError, TrustholdError } from '../../src/errors/index.js'
import { measureCertificate, parseCertificate } from '../../src/x509/index.js'

const parse = (shape: CertificateShape) => parseCertificate(makeCertificate(shape))

function refusal(read: () => unknown): { path: string; expected: string; actual: string } {
  try {
    read()
  } catch (error) {
    if (isTrustholdError(error, 'CERTIFICATE_INVALID')) return error.context
    throw error
  }
  throw new Error('not refused')
}

const san = (...names: readonly Uint8Array[]) => extension('2.5.29.17', sequence(...names))
const withExtension = (...extensions: readonly Uint8Array[]) => ({ extensions })

describe('parseCertificate', () => {
  it('reads every field', () => {
    const id = fromHex('0102030405')
    const der = makeCertificate({
      subject: sequence(
        set(sequence(oid('2.5.4.6'), text('CH', 0x13))),
        set(sequence(oid('2.5.4.10'), text('A, "B"\n+ \u202eC'))),
      ),
      issuer: commonName('CA', 0x13),
      serial: integer(0x80ff),
      extensions: [
        basicConstraints(true, 3),
        keyUsage(0, 5, 8),
        extendedKeyUsage(['2.23.133.8.1', '1.3.6.1.4.1.311.122.2'], true),
        subjectKeyId(id),
        authorityKeyId(id),
        san(
          implicit(2, Buffer.from('host.example')),
          implicit(1, Buffer.from('a@b')),
          implicit(6, Buffer.from('urn:x')),
          implicit(7, fromHex('7f000001')),
          explicit(4, commonName('dir')),
          tlv(0xa0, oid('1.3.6.1.5.5.7.8.4'), explicit(0, text('x'))),
          implicit(8, fromHex('2a03')),
        ),
        extension('1.2.3.4', fromHex('0500'), true),
      ],
    })
    const c = parseCertificate(der)
    expect(c.der).toEqual(der)
    expect(c.tbs).toEqual(der.subarray(4, 4 + c.tbs.length))
    expect(c.serial).toBe('80ff')
    expect(c.subject.text).toBe('O=A\\, \\"B\\"\\0a\\+ \\e2\\80\\aeC,C=CH')
    expect(c.subject.attributes).toEqual([
      { type: '2.5.4.6', value: 'CH' },
      { type: '2.5.4.10', value: 'A, "B"\n+ \u202eC' },
    ])
    expect(c.issuer.text).toBe('CN=CA')
    expect(new Date(c.notBefore).toISOString()).toBe('2024-01-01T00:00:00.000Z')
    expect(new Date(c.notAfter).toISOString()).toBe('2044-01-01T00:00:00.000Z')
    expect(c.publicKey).toMatchObject({ kind: 'ec', curve: 'P-256', algorithm: '1.2.840.10045.2.1' })
    expect(c.basicConstraints).toEqual({ ca: true, pathLength: 3 })
    expect([...(c.keyUsage ?? [])]).toEqual(['digitalSignature', 'keyCertSign', 'decipherOnly'])
    expect(c.extendedKeyUsage).toEqual(['2.23.133.8.1', '1.3.6.1.4.1.311.122.2'])
    expect([c.subjectKeyId, c.authorityKeyId]).toEqual([id, id])
    const names = c.subjectAlternativeNames
    expect(names?.dnsNames).toEqual(['host.example'])
    expect(names?.emails).toEqual(['a@b'])
    expect(names?.uris).toEqual(['urn:x'])
    expect(names?.ipAddresses).toEqual([fromHex('7f000001')])
    expect(names?.directoryNames.map((name) => name.text)).toEqual(['CN=dir'])
    expect(names?.otherNames).toEqual([{ type: '1.3.6.1.5.5.7.8.4', value: text('x') }])
    expect(names?.unread).toBe(1)
    expect(c.extensions.get('1.2.3.4')).toMatchObject({ critical: true, value: fromHex('0500') })
    expect(c.signature.algorithm).toEqual({ kind: 'ecdsa', oid: '1.2.840.10045.4.3.2', hash: 'sha256' })
    expect(c.deviations).toEqual([])
  })

  it('agrees with asn1-x509 about what a certificate says', () => {
    const require = createRequire(import.meta.url)
    const { AsnConvert } = require('@peculiar/asn1-schema') as typeof import('@peculiar/asn1-schema')
    const { Certificate } = require('@peculiar/asn1-x509') as typeof import('@peculiar/asn1-x509')
    const der = makeCertificate({
      extensions: [basicConstraints(true, 1), keyUsage(5), extension('1.2.3.4', nothing)],
    })
    const theirs = AsnConvert.parse(der, Certificate).tbsCertificate
    const ours = parseCertificate(der)
    expect(Buffer.from(theirs.serialNumber).toString('hex')).toBe(ours.serial)
    expect(theirs.validity.notAfter.getTime().getTime()).toBe(ours.notAfter)
    expect(theirs.extensions?.map((e) => e.extnID)).toEqual([...ours.extensions.keys()])
    expect(new Uint8Array(AsnConvert.serialize(theirs.subject))).toEqual(ours.subject.der)
  })

  it('keeps its own copy of the bytes', () => {
    const der = makeCertificate()
    const c = parseCertificate(der)
    const before = Uint8Array.from(c.tbs)
    der.fill(0)
    expect(c.tbs).toEqual(before)
  })

  it('takes the size limit to the byte (T-30)', () => {
    const der = makeCertificate()
    expect(parseCertificate(der, { maxBytes: der.length }).der).toEqual(der)
    expect(refusal(() => parseCertificate(der, { maxBytes: der.length - 1 })).path).toBe('length')
    expect(refusal(() => parseCertificate(new Uint8Array(16385))).path).toBe('length')
  })

  it('knows the last day that there is', () => {
    const c = parse({ notAfter: text('99991231235959Z', 0x18) })
    expect(new Date(c.notAfter).toISOString()).toBe('9999-12-31T23:59:59.000Z')
    expect(c.deviations).toEqual([])
  })

  it('reads RSASSA-PSS parameters', () => {
    const keys = rsaKeys()
    const algorithm = (signing: CertificateShape['signing']) =>
      parse({ keys, ...(signing && { signing }) }).signature.algorithm
    expect(algorithm({ hash: 'sha384', saltLength: 48 })).toEqual({
      kind: 'rsa-pss',
      oid: '1.2.840.113549.1.1.10',
      hash: 'sha384',
      saltLength: 48,
    })
    const pss = '1.2.840.113549.1.1.10'
    const written = (identifier: Uint8Array) => algorithm({ hash: 'sha256', algorithm: identifier })
    expect(written(sequence(oid(pss), sequence()))).toMatchObject({ kind: 'unsupported' })
    expect(written(pssAlgorithm('sha256', 32, 'sha384'))).toMatchObject({ kind: 'unsupported' })
    expect(written(pssAlgorithm('sha1', 20))).toMatchObject({ kind: 'unsupported' })
    expect(refusal(() => written(sequence(oid(pss)))).path).toContain('parameters')
    expect(refusal(() => written(sequence(oid(pss), sequence(explicit(3, integer(2)))))).expected).toContain(
      '1',
    )
    const trailing = sequence(oid(pss), sequence(), nothing)
    expect(refusal(() => written(trailing)).expected).toBe('no further elements')
  })

  it('measures a certificate with padding behind it', () => {
    const der = makeCertificate()
    expect(measureCertificate(append(der, 0xff, 0xff))).toBe(der.length)
    expect(refusal(() => measureCertificate(der.subarray(0, der.length - 1))).path).toBe('certificate')
    expect(refusal(() => measureCertificate(new Uint8Array()))).toBeDefined()
  })
})

describe('deviations that certificates in the field have are read and reported', () => {
  const cases: readonly [string, CertificateShape][] = [
    [
      'set-order',
      {
        subject: sequence(set(sequence(oid('2.5.4.10'), text('O')), sequence(oid('2.5.4.3'), text('N')))),
      },
    ],
    ['encoded-default', withExtension(sequence(oid('1.2.3'), boolean(false), octetString(nothing)))],
    ['encoded-default', withExtension(extension('2.5.29.19', sequence(boolean(false))))],
    ['trailing-bits', withExtension(extension('2.5.29.15', bitString(fromHex('20'))))],
    ['unknown-usage', withExtension(extension('2.5.29.15', bitString(fromHex('0402'), 1)))],
    [
      'null-parameters',
      { signing: { hash: 'sha256', algorithm: sequence(oid('1.2.840.10045.4.3.2'), nothing) } },
    ],
    ['time-form', { notAfter: text('20440101000000Z', 0x18) }],
  ]
  it.each(cases)('%s', (deviation, shape) => {
    expect(parse(shape).deviations).toEqual([deviation])
  })
})

describe('what is not strict DER or not X.509 is refused (T-21)', () => {
  const int = (hex: string) => tlv(0x02, fromHex(hex))
  const cases: readonly [string, CertificateShape, string][] = [
    ['version 1', { version: explicit(0, integer(0)) }, 'version'],
    ['version 2', { version: explicit(0, integer(1)) }, 'version'],
    ['no version', { version: new Uint8Array() }, 'version'],
    ['serial number 0', { serial: integer(0) }, 'serialNumber'],
    ['negative serial number', { serial: int('ff') }, 'serialNumber'],
    ['padded serial number', { serial: int('0001') }, 'certificate'],
    ['empty serial number', { serial: int('') }, 'certificate'],
    ['serial number of 22 bytes', { serial: int(`00${'ff'.repeat(21)}`) }, 'serialNumber'],
    ['another algorithm outside', { outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) }, 'signature'],
    [
      'RSA algorithm without NULL',
      { signing: { hash: 'sha256', algorithm: sequence(oid('1.2.840.113549.1.1.11')) } },
      'parameters',
    ],
    ['time zone', { notAfter: text('440101000000+0100', 0x17) }, 'notAfter'],
    ['no seconds', { notAfter: text('4401010000Z', 0x17) }, 'notAfter'],
    ['fraction', { notAfter: text('20600101000000.5Z', 0x18) }, 'notAfter'],
    ['30 February', { notAfter: text('440230000000Z', 0x17) }, 'notAfter'],
    ['hour 24', { notAfter: text('440101240000Z', 0x17) }, 'notAfter'],
    ['a time that is text', { notAfter: text('440101000000Z') }, 'notAfter'],
    ['ends before it starts', { notAfter: text('230101000000Z', 0x17) }, 'validity'],
    [
      'an extension twice',
      withExtension(extension('1.2.3', nothing), extension('1.2.3', nothing)),
      'extensions',
    ],
    ['an empty list of extensions', { extra: explicit(3, sequence()) }, 'extensions'],
    [
      'elements behind the extensions',
      { extensions: [basicConstraints(false)], extra: nothing },
      'tbsCertificate',
    ],
    [
      'basicConstraints with more in it',
      withExtension(extension('2.5.29.19', sequence(boolean(true), integer(0), integer(1)))),
      'basicConstraints',
    ],
    [
      'basicConstraints with bytes behind it',
      withExtension(extension('2.5.29.19', append(sequence(), 0))),
      'basicConstraints',
    ],
    [
      'boolean 1',
      withExtension(extension('2.5.29.19', sequence(tlv(1, Uint8Array.of(1))))),
      'basicConstraints',
    ],
    [
      'negative path length',
      withExtension(extension('2.5.29.19', sequence(boolean(true), int('ff')))),
      'basicConstraints',
    ],
    [
      'huge path length',
      withExtension(extension('2.5.29.19', sequence(boolean(true), integer(2n ** 80n)))),
      'basicConstraints',
    ],
    ['no key usage', withExtension(extension('2.5.29.15', bitString(new Uint8Array()))), 'keyUsage'],
    [
      'only unknown key usage',
      withExtension(extension('2.5.29.15', bitString(fromHex('0002'), 1))),
      'keyUsage',
    ],
    [
      'key usage of 40 bits',
      withExtension(extension('2.5.29.15', bitString(fromHex('8000000001')))),
      'keyUsage',
    ],
    [
      'unused bits that are set',
      withExtension(extension('2.5.29.15', bitString(fromHex('a1'), 1))),
      'keyUsage',
    ],
    ['no extended key usage', withExtension(extendedKeyUsage([])), 'extendedKeyUsage'],
    [
      'extended key usage that is no identifier',
      withExtension(extension('2.5.29.37', sequence(nothing))),
      'extendedKeyUsage',
    ],
    ['an empty key identifier', withExtension(subjectKeyId(new Uint8Array())), 'subjectKeyId'],
    [
      'authority serial without issuer',
      withExtension(extension('2.5.29.35', sequence(implicit(2, Uint8Array.of(1))))),
      'authorityKeyId',
    ],
    ['no alternative name', withExtension(san()), 'subjectAlternativeNames'],
    [
      '129 alternative names',
      withExtension(san(...Array.from({ length: 129 }, () => implicit(2, Buffer.from('a'))))),
      'subjectAlternativeNames',
    ],
    [
      'a DNS name that is not ASCII',
      withExtension(san(implicit(2, fromHex('e9')))),
      'subjectAlternativeNames',
    ],
    ['a SET without attributes', { subject: sequence(set()) }, 'subject'],
    [
      '65 attributes',
      { subject: sequence(...Array.from({ length: 65 }, () => set(sequence(oid('2.5.4.3'), text('a'))))) },
      'subject',
    ],
    [
      'invalid UTF-8',
      { subject: sequence(set(sequence(oid('2.5.4.3'), tlv(0x0c, fromHex('c0af'))))) },
      'subject',
    ],
    ['PrintableString with @', { subject: commonName('a@b', 0x13) }, 'subject'],
    [
      'a constructed string',
      { subject: sequence(set(sequence(oid('2.5.4.3'), tlv(0x2c, text('a'))))) },
      'certificate',
    ],
    [
      'a high tag number',
      { subject: sequence(set(sequence(oid('2.5.4.3'), tlv(0x1f, fromHex('8101'))))) },
      'certificate',
    ],
    [
      'an object identifier with a padded arc',
      { subject: sequence(set(sequence(tlv(6, fromHex('5580040a')), text('a')))) },
      'certificate',
    ],
    [
      'an object identifier that does not end',
      { subject: sequence(set(sequence(tlv(6, fromHex('5584')), text('a')))) },
      'certificate',
    ],
    ['a compressed point', { spki: ecSpki('02', 32) }, 'subjectPublicKeyInfo'],
    ['a point of the right length in another form', { spki: ecSpki('06', 64) }, 'subjectPublicKeyInfo'],
    ['a point that is too long', { spki: ecSpki('04', 65) }, 'subjectPublicKeyInfo'],
  ]
  it.each(cases)('%s', (_, shape, path) => {
    expect(refusal(() => parse(shape)).path).toContain(path)
  })

  function ecSpki(first: string, length: number): Uint8Array {
    const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'))
    return sequence(algorithm, bitString(concatBytes(fromHex(first), new Uint8Array(length).fill(1))))
  }

  it('trailing bytes', () => {
    const der = makeCertificate()
    expect(refusal(() => parseCertificate(append(der, 0)))).toMatchObject({
      path: 'certificate',
      actual: '1 more',
    })
  })

  it('indefinite and padded lengths', () => {
    const der = makeCertificate()
    const body = der.subarray(4)
    expect(refusal(() => parseCertificate(concatBytes(fromHex('3080'), body, fromHex('0000'))))).toBeDefined()
    const padded = concatBytes(fromHex('308300'), der.subarray(2))
    expect(refusal(() => parseCertificate(padded)).expected).toBe('a minimal length')
    expect(refusal(() => parseCertificate(fromHex('308500000000')))).toBeDefined()
  })

  it('deep nesting, without a deep stack (T-31)', () => {
    let nested: Uint8Array = nothing
    for (let i = 0; i < 3000; i++) nested = sequence(nested)
    expect(refusal(() => parseCertificate(nested)).expected).toContain('24 levels')
  })

  it('bits that are left over at the end of the signature', () => {
    const der = makeCertificate()
    const c = parseCertificate(der)
    const tail = sequence(
      c.tbs,
      sequence(oid('1.2.840.10045.4.3.2')),
      bitString(append(c.signature.value, 0), 1),
    )
    expect(refusal(() => parseCertificate(tail)).expected).toBe('whole octets')
  })
})

describe('what the library that decodes overlooks is refused', () => {
  const id = fromHex('0102030405')
  const der = makeCertificate({
    subject: sequence(set(sequence(oid('2.5.4.3'), text('a')), sequence(oid('2.5.4.10'), text('b')))),
    extensions: [
      basicConstraints(true, 3),
      extendedKeyUsage(['2.23.133.8.1']),
      authorityKeyId(id),
      san(explicit(4, commonName('dir')), tlv(0xa0, oid('1.2.3'), explicit(0, text('x')))),
    ],
  })

  /** The element with one more at the end of its `index`-th constructed element, octet strings with DER included. */
  function withOneMore(bytes: Uint8Array, extra: Uint8Array, counter: { left: number }): Uint8Array {
    const [tag = 0] = bytes
    const content = bytes.subarray(bytes.length - contentLength(bytes))
    const constructed = (tag & 0x20) !== 0
    const extended = constructed && counter.left-- === 0
    if (!constructed && !(tag === 4 && content[0] === 0x30)) return bytes
    const members: Uint8Array[] = []
    for (let at = 0; at < content.length; ) {
      const length = elementLength(content.subarray(at))
      members.push(withOneMore(content.subarray(at, at + length), extra, counter))
      at += length
    }
    return tlv(tag, ...members, ...(extended ? [extra] : []))
  }

  const headerLength = (bytes: Uint8Array) => 2 + ((bytes[1] ?? 0) > 0x80 ? (bytes[1] ?? 0) & 0x7f : 0)
  const elementLength = (bytes: Uint8Array) => headerLength(bytes) + contentLength(bytes)
  function contentLength(bytes: Uint8Array): number {
    const [, first = 0] = bytes
    return first < 0x80 ? first : Number.parseInt(toHex(bytes.subarray(2, headerLength(bytes))), 16)
  }

  it.each([
    ['NULL', nothing],
    ['FALSE', boolean(false)],
    ['an empty SEQUENCE', sequence()],
    ['a tagged element', implicit(9, id)],
  ])('%s behind the members of any element', (_, extra) => {
    const all = { left: Number.POSITIVE_INFINITY }
    expect(withOneMore(der, extra, all)).toEqual(der)
    let index = 0
    for (; ; index++) {
      const counter = { left: index }
      const changed = withOneMore(der, extra, counter)
      if (counter.left >= 0) break
      expect(
        refusal(() => parseCertificate(changed)),
        `element ${index}`,
      ).toBeDefined()
    }
    expect(index).toBeGreaterThan(30)
  })

  it.each([
    ['an INTEGER for the NULL of RSA', sequence(oid('1.2.840.113549.1.1.11'), integer(0))],
    ['parameters of ECDSA', sequence(oid('1.2.840.10045.4.3.2'), integer(0))],
  ])('%s', (_, algorithm) => {
    expect(refusal(() => parse({ signing: { hash: 'sha256', algorithm } })).path).toBe(
      'signatureAlgorithm.parameters',
    )
  })

  it('a DEFAULT that is written out is read where one is due, and nowhere else', () => {
    const late = extension('2.5.29.19', sequence(integer(0), boolean(false)))
    expect(refusal(() => parse({ extensions: [late] })).path).toBe('extensions.basicConstraints')
    const authority = extension('2.5.29.35', sequence(boolean(false)))
    expect(refusal(() => parse({ extensions: [authority] })).path).toBe('extensions.authorityKeyId')
  })
})

describe('keys that are read but cannot be used', () => {
  const kinds: readonly [string, Uint8Array, string][] = [
    [
      'explicit curve parameters',
      sequence(sequence(oid('1.2.840.10045.2.1'), sequence(integer(1))), bitString(fromHex('04'))),
      'explicit',
    ],
    [
      'another curve',
      sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.3.132.0.10')), bitString(fromHex('04'))),
      '1.3.132.0.10',
    ],
    ['Ed25519', sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(32))), '1.3.101.112'],
  ]
  it.each(kinds)('%s', (_, spki, reason) => {
    const { publicKey } = parse({ spki })
    expect(publicKey).toMatchObject({ kind: 'unsupported' })
    expect(JSON.stringify(publicKey)).toContain(reason)
  })
})

describe('no input gives an untyped error (T-31)', () => {
  const der = makeCertificate({
    extensions: [
      basicConstraints(true, 0),
      keyUsage(5),
      san(explicit(4, commonName('x'))),
      authorityKeyId(fromHex('01')),
    ],
  })
  const quietly = (bytes: Uint8Array) => {
    try {
      parseCertificate(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(TrustholdError)
      expect((error as TrustholdError).code).toBe('CERTIFICATE_INVALID')
    }
  }
  it('every truncation', () => {
    for (let length = 0; length < der.length; length++) {
      expect(refusal(() => parseCertificate(der.subarray(0, length)))).toBeDefined()
    }
  })
  it('every byte with many values', { timeout: 60_000 }, () => {
    for (let at = 0; at < der.length; at++) {
      for (let value = 1; value < 256; value += 9) {
        const changed = Uint8Array.from(der)
        changed[at] = (der[at] ?? 0) ^ value
        quietly(changed)
      }
    }
  })
  it('random bytes, and random bytes in a SEQUENCE', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), quietly))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => quietly(sequence(sequence(bytes), bytes))),
    )
  })
  it('pieces of the certificate put together anew', () => {
    const piece = fc.tuple(fc.nat(der.length), fc.nat(60)).map(([at, n]) => der.subarray(at, at + n))
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => quietly(sequence(...pieces))))
  })
})
