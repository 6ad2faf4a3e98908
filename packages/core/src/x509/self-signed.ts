import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import { TrustholdError } from '../errors/index.js'
import { writePem } from './pem.js'

/** What a certificate is made of. */
export interface SelfSignedOptions {
  /** DNS names and IP addresses that clients will connect to, or the client's own names; at least one. */
  hosts: readonly string[]
  /** Which side of a connection it is for; the server's by default. */
  usage?: 'server' | 'client'
  /** Milliseconds since 1970; valid from an hour before, for clocks that lag. */
  now: number
  /** 825 by default. */
  days?: number
}

/** A certificate and its key, PEM. */
export interface SelfSignedCertificate {
  readonly certificate: string
  /** PKCS#8. */
  readonly privateKey: string
}

const ecdsaWithSha256 = '1.2.840.10045.4.3.2'
const commonName = '2.5.4.3'
const dayMs = 86_400_000

/**
 * Makes a TLS certificate that is its own anchor: ECDSA P-256, for servers or for clients, not a CA for anything else.
 * For services that have none from an organisation's CA; the other side pins it.
 * @throws ARGUMENT_INVALID without a host
 */
export function makeSelfSignedCertificate(options: SelfSignedOptions): SelfSignedCertificate {
  const { hosts, usage = 'server', now, days = 825 } = options
  const [first] = hosts
  if (first === undefined)
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'hosts', reason: 'it is empty' })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 })
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: nameOf(first),
    subject: nameOf(first),
    validity: new Validity({ notBefore: new Date(now - 3_600_000), notAfter: new Date(now + days * dayMs) }),
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    extensions: extensionsFor(hosts, usage),
  })
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey)
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: toArrayBuffer(signature),
  })
  return {
    certificate: writePem('CERTIFICATE', Buffer.from(AsnConvert.serialize(certificate))),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/** A positive number of 127 random bits (RFC 5280 section 4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return toArrayBuffer(bytes)
}

function nameOf(text: string): Name {
  const value = new AttributeValue({ utf8String: text.slice(0, 64) })
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonName, value })])])
}

function extensionsFor(hosts: readonly string[], usage: 'server' | 'client'): Extensions {
  const names = hosts.map((host) =>
    isIP(host) === 0 ? new GeneralName({ dNSName: host }) : new GeneralName({ iPAddress: host }),
  )
  return new Extensions([
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
    extension(
      id_ce_extKeyUsage,
      false,
      new ExtendedKeyUsage([usage === 'server' ? id_kp_serverAuth : id_kp_clientAuth]),
    ),
    extension(id_ce_subjectAltName, false, new SubjectAlternativeName(names)),
  ])
}

function extension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
