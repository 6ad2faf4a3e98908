/**
 * Types that asn1-x509 does not have, or has in a form that does not keep what was received: its Certificate forgets
 * whether a DEFAULT was written out, and fails without saying where. This one hands out elements to read one by one.
 */
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import {
  type Asn1Value,
  bits,
  boolean,
  choice,
  element,
  elementSet,
  explicit,
  implicit,
  integer,
  listOf,
  octets,
  of,
  oid,
  optional,
  sequence,
  smallInteger,
} from './asn1.js'

/** Certificate (RFC 5280 section 4.1). */
export const certificateSyntax = sequence({
  tbsCertificate: element,
  signatureAlgorithm: element,
  signatureValue: bits,
})

/** TBSCertificate (RFC 5280 section 4.1). */
export const tbsCertificateSyntax = sequence({
  version: optional(explicit(0, smallInteger)),
  serialNumber: integer,
  signature: element,
  issuer: element,
  validity: element,
  subject: element,
  subjectPublicKeyInfo: element,
  issuerUniqueID: optional(implicit(1, bits)),
  subjectUniqueID: optional(implicit(2, bits)),
  extensions: optional(explicit(3, element)),
})
/** A decoded TBSCertificate. */
export type TbsCertificate = Asn1Value<typeof tbsCertificateSyntax>

/** Validity (RFC 5280 section 4.1). */
export const validitySyntax = sequence({ notBefore: element, notAfter: element })

/** Extensions (RFC 5280 section 4.1). */
export const extensionsSyntax = listOf(
  sequence({ extnID: oid, critical: optional(boolean), extnValue: octets }),
)

/** BasicConstraints (RFC 5280 section 4.2.1.9). */
export const basicConstraintsSyntax = sequence({
  cA: optional(boolean),
  pathLenConstraint: optional(smallInteger),
})

/** RSASSA-PSS-params (RFC 4055 section 3.1). */
export const pssParametersSyntax = sequence({
  hashAlgorithm: optional(explicit(0, of(AlgorithmIdentifier))),
  maskGenAlgorithm: optional(explicit(1, of(AlgorithmIdentifier))),
  saltLength: optional(explicit(2, smallInteger)),
  trailerField: optional(explicit(3, smallInteger)),
})

/** RSAPublicKey (RFC 8017 appendix A.1.1). */
export const rsaPublicKeySyntax = sequence({ modulus: integer, publicExponent: integer })

/** ECParameters (RFC 5480 section 2.1.1), of which a named curve is the only alternative that is read. */
export const ecParametersSyntax = choice({ namedCurve: oid })

/** ECDSA-Sig-Value (RFC 3279 section 2.2.3). */
export const ecdsaSignatureSyntax = sequence({ r: integer, s: integer })

/** ContentInfo (RFC 5652 section 3). */
export const contentInfoSyntax = sequence({ contentType: oid, content: explicit(0, element) })

/** SignedData (RFC 5652 section 5.1); only its certificates are looked at. */
export const signedDataSyntax = sequence({
  version: smallInteger,
  digestAlgorithms: element,
  encapContentInfo: element,
  certificates: optional(implicit(0, elementSet)),
  crls: optional(implicit(1, elementSet)),
  signerInfos: element,
})
