import { bytes, type Infer, many, maybe, one, type StructureKind, structure, text } from '../ttlv/index.js'

const x509CertificateIdentifierDef = structure('X_509CertificateIdentifier', {
  issuerDistinguishedName: one('IssuerDistinguishedName', bytes),
  certificateSerialNumber: one('CertificateSerialNumber', bytes),
})
/** Issuer and serial number of an X.509 certificate, in DER. KMIP 1.4, section 3.10. */
export interface X509CertificateIdentifier extends Infer<typeof x509CertificateIdentifierDef> {}
export const x509CertificateIdentifier: StructureKind<X509CertificateIdentifier> =
  x509CertificateIdentifierDef

const x509CertificateSubjectDef = structure('X_509CertificateSubject', {
  subjectDistinguishedName: one('SubjectDistinguishedName', bytes),
  subjectAlternativeName: many('SubjectAlternativeName', bytes),
})
/** Names of an X.509 certificate's subject, in DER. KMIP 1.4, section 3.11. */
export interface X509CertificateSubject extends Infer<typeof x509CertificateSubjectDef> {}
export const x509CertificateSubject: StructureKind<X509CertificateSubject> = x509CertificateSubjectDef

const x509CertificateIssuerDef = structure('X_509CertificateIssuer', {
  issuerDistinguishedName: one('IssuerDistinguishedName', bytes),
  issuerAlternativeName: many('IssuerAlternativeName', bytes),
})
/** Names of an X.509 certificate's issuer, in DER. KMIP 1.4, section 3.12. */
export interface X509CertificateIssuer extends Infer<typeof x509CertificateIssuerDef> {}
export const x509CertificateIssuer: StructureKind<X509CertificateIssuer> = x509CertificateIssuerDef

const certificateIdentifierDef = structure('CertificateIdentifier', {
  issuer: one('Issuer', text),
  serialNumber: maybe('SerialNumber', text),
})
/** Issuer and serial number of a certificate as texts; deprecated since 1.1. KMIP 1.4, section 3.13. */
export interface CertificateIdentifier extends Infer<typeof certificateIdentifierDef> {}
export const certificateIdentifier: StructureKind<CertificateIdentifier> = certificateIdentifierDef

const certificateSubjectDef = structure('CertificateSubject', {
  certificateSubjectDistinguishedName: one('CertificateSubjectDistinguishedName', text),
  certificateSubjectAlternativeName: many('CertificateSubjectAlternativeName', text),
})
/** Names of a certificate's subject as texts; deprecated since 1.1. KMIP 1.4, section 3.14. */
export interface CertificateSubject extends Infer<typeof certificateSubjectDef> {}
export const certificateSubject: StructureKind<CertificateSubject> = certificateSubjectDef

const certificateIssuerDef = structure('CertificateIssuer', {
  certificateIssuerDistinguishedName: one('CertificateIssuerDistinguishedName', text),
  certificateIssuerAlternativeName: many('CertificateIssuerAlternativeName', text),
})
/** Names of a certificate's issuer as texts; deprecated since 1.1. KMIP 1.4, section 3.15. */
export interface CertificateIssuer extends Infer<typeof certificateIssuerDef> {}
export const certificateIssuer: StructureKind<CertificateIssuer> = certificateIssuerDef
