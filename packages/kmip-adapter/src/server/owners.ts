import { createHash, type X509Certificate } from 'node:crypto'
import { toHex } from '@trusthold/core/bytes'

/** Who a client is, by the certificate that it proved to have the key of. */
export interface ClientIdentity {
  /** SHA-256 of the certificate's SubjectPublicKeyInfo, hexadecimal. */
  readonly publicKey: string
  /** SHA-256 of the whole certificate, hexadecimal. */
  readonly fingerprint: string
  /** Distinguished name of its subject, as Node writes it: one attribute a line. */
  readonly subject: string
  /** Distinguished name of its issuer. */
  readonly issuer: string
}

const sha256 = (bytes: Uint8Array): string =>
  toHex(new Uint8Array(createHash('sha256').update(bytes).digest()))

/** Reads a client's identity from its certificate. */
export function identityOf(certificate: X509Certificate): ClientIdentity {
  return {
    publicKey: sha256(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    fingerprint: sha256(certificate.raw),
    subject: certificate.subject,
    issuer: certificate.issuer,
  }
}

/**
 * Whose objects a client sees. Clients for which this gives the same text share their objects; a client for which it
 * gives undefined is refused.
 */
export type OwnerOf = (client: ClientIdentity) => string | undefined

/**
 * Owner by public key: a certificate that is renewed for the same key keeps its objects, and no authority can issue
 * one for another key that sees them. The default.
 */
export const ownerByPublicKey: OwnerOf = ({ publicKey }) => `spki:${publicKey}`

/**
 * Owner by the names of issuer and subject: a client that changes its key keeps its objects. Whoever can get a
 * certificate with these two names from a trusted authority sees them.
 */
export const ownerBySubject: OwnerOf = ({ issuer, subject }) => `name:${JSON.stringify([issuer, subject])}`
