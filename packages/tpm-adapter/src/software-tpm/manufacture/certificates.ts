import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { softwareTpmIdentity } from '@trusthold/core/tpm2'
import {
  bits,
  derValue,
  explicit,
  integer,
  namedBits,
  octets,
  oid,
  sequence,
  set,
  text,
  time,
  yes,
} from './der.js'

/** What issues certificates: a name and a key. */
interface Issuer {
  readonly name: Uint8Array
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** Makes EK certificates for software TPMs; see {@link createManufacturer}. */
export interface EkCertificateAuthority {
  /** DER, root first. The TPM stores all but the root. */
  readonly certificates: readonly Uint8Array[]
  /** EK certificate of a public key, DER. */
  certify(publicKey: KeyObject): Uint8Array
}

/** Where serial numbers and dates come from. */
export interface CertificateSources {
  readonly random: { bytes(length: number): Uint8Array }
  /** Milliseconds since 1970. */
  readonly now: number
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const yearMs = 365 * 24 * 60 * 60 * 1000
/** A certificate that is made and used at once shall not be from the future by another machine's clock. */
const allowanceMs = 24 * 60 * 60 * 1000

/** A name of one common name, which says what this is. */
function commonName(name: string): Uint8Array {
  return sequence(set(sequence(oid('2.5.4.3'), text(name))))
}

function publicKeyDer(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }))
}

function keyId(key: KeyObject): Uint8Array {
  return new Uint8Array(createHash('sha1').update(publicKeyDer(key)).digest())
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(id), ...(critical ? [yes] : []), octets(value))
}

const authorityKeyId = (issuer: KeyObject): Uint8Array =>
  extension('2.5.29.35', false, sequence(derValue(0x80, keyId(issuer))))
const subjectKeyId = (key: KeyObject): Uint8Array => extension('2.5.29.14', false, octets(keyId(key)))

interface Content {
  readonly subject: Uint8Array
  readonly publicKey: KeyObject
  readonly years: number
  readonly extensions: readonly Uint8Array[]
}

/** RFC 5280, section 4.1. */
function issue(issuer: Issuer, content: Content, { random, now }: CertificateSources): Uint8Array {
  const serial = random.bytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const validity = sequence(time(new Date(now - allowanceMs)), time(new Date(now + content.years * yearMs)))
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serial),
    ecdsaWithSha256,
    issuer.name,
    validity,
    content.subject,
    publicKeyDer(content.publicKey),
    explicit(3, sequence(...content.extensions)),
  )
  return sequence(body, ecdsaWithSha256, bits(new Uint8Array(sign('sha256', body, issuer.privateKey))))
}

/** Bits of KeyUsage. RFC 5280, section 4.2.1.3. */
const usage = { keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 } as const

function caExtensions(publicKey: KeyObject, issuer: KeyObject): readonly Uint8Array[] {
  return [
    extension('2.5.29.19', true, sequence(yes)),
    extension('2.5.29.15', true, namedBits(usage.keyCertSign, usage.cRLSign)),
    subjectKeyId(publicKey),
    authorityKeyId(issuer),
  ]
}

const { manufacturer, model, version } = softwareTpmIdentity

/** Manufacturer, model and version as a directory name. EK Credential Profile 2.5, section 3.2.9. */
const tpmName = sequence(
  set(sequence(oid('2.23.133.2.1'), text(`id:${manufacturer.toString(16).toUpperCase()}`))),
  set(sequence(oid('2.23.133.2.2'), text(model))),
  set(sequence(oid('2.23.133.2.3'), text(version))),
)

/** Family 2.0, level 0, revision 1.59. EK Credential Profile 2.5, section 3.2.10. */
const tpmSpecification = sequence(
  sequence(
    oid('2.23.133.2.16'),
    set(sequence(text('2.0'), integer(Uint8Array.of(0)), integer(Uint8Array.of(159)))),
  ),
)

/** EK Credential Profile 2.5, section 3.2. */
function ekExtensions(publicKey: KeyObject, issuer: KeyObject): readonly Uint8Array[] {
  const forUse = publicKey.asymmetricKeyType === 'rsa' ? usage.keyEncipherment : usage.keyAgreement
  return [
    extension('2.5.29.17', true, sequence(explicit(4, tpmName))),
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, namedBits(forUse)),
    extension('2.5.29.37', false, sequence(oid('2.23.133.8.1'))),
    extension('2.5.29.9', false, tpmSpecification),
    authorityKeyId(issuer),
  ]
}

function makeIssuer(name: string): Issuer {
  return { name: commonName(name), ...generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) }
}

const years = { root: 20, intermediate: 20, endorsement: 19 } as const

/**
 * A certificate authority for software TPMs: a root, and an intermediate that certifies. Both say in their names that
 * nothing stands behind them, and their keys are in this process only.
 */
export function createEkCertificateAuthority(sources: CertificateSources): EkCertificateAuthority {
  const root = makeIssuer('Software TPM root CA (demos and tests only, no assurance)')
  const intermediate = makeIssuer('Software TPM CA (demos and tests only, no assurance)')
  const certifyCa = (ca: Issuer, span: number): Uint8Array =>
    issue(
      root,
      {
        subject: ca.name,
        publicKey: ca.publicKey,
        years: span,
        extensions: caExtensions(ca.publicKey, root.publicKey),
      },
      sources,
    )
  return {
    certificates: [certifyCa(root, years.root), certifyCa(intermediate, years.intermediate)],
    certify: (publicKey) =>
      issue(
        intermediate,
        {
          subject: sequence(),
          publicKey,
          years: years.endorsement,
          extensions: ekExtensions(publicKey, intermediate.publicKey),
        },
        sources,
      ),
  }
}
