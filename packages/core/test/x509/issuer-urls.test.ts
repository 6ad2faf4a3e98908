import { describe, expect, it } from 'vitest'
import { extension, makeCertificate } from '../../../../test/certificates/certificate-builder.js'
import { implicit, oid, sequence } from '../../../../test/certificates/der-writer.js'
import { utf8 } from '../../src/bytes/index.js'
import { parseCertificate, readIssuerUrls } from '../../src/x509/index.js'
import { thrownBy } from '../jose/thrown.js'

const caIssuers = '1.3.6.1.5.5.7.48.2'
const ocsp = '1.3.6.1.5.5.7.48.1'
const uri = (text: string) => implicit(6, utf8(text))
const described = (method: string, location: Uint8Array) => sequence(oid(method), location)
const urlsOf = (...descriptions: readonly Uint8Array[]) =>
  readIssuerUrls(
    parseCertificate(
      makeCertificate({ extensions: [extension('1.3.6.1.5.5.7.1.1', sequence(...descriptions))] }),
    ),
  )

describe('readIssuerUrls', () => {
  it('gives web addresses of the issuer, in their order', () => {
    const [one, two] = ['http://vendor.example/ca.cer', 'https://vendor.example/ca2.cer']
    expect(
      urlsOf(
        described(ocsp, uri('http://ocsp')),
        described(caIssuers, uri(one)),
        described(caIssuers, uri(two)),
      ),
    ).toEqual([one, two])
  })

  it('is empty for a certificate that says nothing of it', () => {
    expect(readIssuerUrls(parseCertificate(makeCertificate()))).toEqual([])
    expect(urlsOf(described(ocsp, uri('http://ocsp')))).toEqual([])
  })

  it.each([
    'file:///etc/passwd',
    'ldap://vendor.example/cn=ca',
    'javascript:alert(1)',
    'vendor.example/ca.cer',
    'http://vendor.example/a b',
    'http://vendor.example/\r\nHost: other',
    `http://vendor.example/${'a'.repeat(2_048)}`,
    '',
  ])('leaves out %j', (text) => {
    expect(urlsOf(described(caIssuers, uri(text)))).toEqual([])
  })

  it('leaves out names of other kinds, and what is too much', () => {
    expect(urlsOf(described(caIssuers, implicit(2, utf8('vendor.example'))))).toEqual([])
    const many = Array.from({ length: 9 }, (_, i) => `http://vendor.example/${i}`)
    expect(urlsOf(...many.map((url) => described(caIssuers, uri(url))))).toEqual(many.slice(0, 8))
  })

  it('refuses an extension that is none', () => {
    const certificate = parseCertificate(
      makeCertificate({ extensions: [extension('1.3.6.1.5.5.7.1.1', Uint8Array.of(0x04, 0x00))] }),
    )
    expect(thrownBy(() => readIssuerUrls(certificate)).code).toBe('CERTIFICATE_INVALID')
  })
})
