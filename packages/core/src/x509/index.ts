/**
 * Certificates: strict parsing, path validation, bundles. DER bytes and plain values go in and out.
 * @module
 */
export { type CertificateIndex, indexCertificates } from './anchors.js'
export { readCertificates } from './bundle.js'
export {
  type Certificate,
  type CertificateLimits,
  measureCertificate,
  parseCertificate,
} from './certificate.js'
export type { DerDeviation } from './der.js'
export {
  type AlternativeNames,
  type CertificateExtension,
  ExtensionOid,
  type KeyUsage,
  type StandardExtensions,
} from './extensions.js'
export { readIssuerUrls } from './issuer-urls.js'
export type { DistinguishedName, NameAttribute } from './names.js'
export { buildPath, type CertificatePath, type PathOptions } from './path.js'
export { type PemBlock, readPem, writePem } from './pem.js'
export { type Pkcs12Contents, readPkcs12 } from './pkcs12.js'
export {
  type CertifiedKey,
  type CurveName,
  importPublicKey,
  keyWeakness,
  parsePublicKey,
} from './public-key.js'
export {
  makeSelfSignedCertificate,
  type SelfSignedCertificate,
  type SelfSignedOptions,
} from './self-signed.js'
export { verifyCertificateSignature } from './signature.js'
export type { SignatureAlgorithm, SignatureHash } from './signature-algorithm.js'
export type { WebCryptoLike } from './webcrypto.js'
