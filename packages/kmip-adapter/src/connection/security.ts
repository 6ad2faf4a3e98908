import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { describeError, TrustholdError } from '@trusthold/core/errors'

/** How the two sides prove who they are. PEM texts. */
export interface KmipTlsOptions {
  /** Our certificate, with intermediates if any. */
  readonly clientCertificate: string
  /** Its private key, PKCS#8. */
  readonly clientPrivateKey: string
  /**
   * Certificates that a server's certificate must chain to, or be. Only these count: the system's own are not looked
   * at.
   */
  readonly trustedCertificates: readonly string[]
  /** The name that a server's certificate must have; by default the host by which it is reached. */
  readonly serverName?: string
  /** OpenSSL's list of cipher suites for TLS 1.2; Node's by default. */
  readonly ciphers?: string
}

/** {@link KmipTlsOptions}, made ready for connections. */
export interface Security {
  readonly context: SecureContext
  readonly serverName: string | undefined
}

function invalid(name: string, reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name, reason })
}

function requireCertificates(name: string, certificates: readonly string[]): void {
  if (certificates.length === 0) throw invalid(name, 'at least one certificate is needed')
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate)
    } catch {
      throw invalid(name, 'expected a certificate in PEM')
    }
  }
}

/**
 * Reads certificates and key.
 * @throws CONFIGURATION_INVALID when one is missing, is not what it should be, or the two do not belong together
 */
export function createSecurity(options: KmipTlsOptions): Security {
  requireCertificates('trustedCertificates', options.trustedCertificates)
  requireCertificates('clientCertificate', [options.clientCertificate])
  if (!options.clientPrivateKey.includes('-----BEGIN')) {
    throw invalid('clientPrivateKey', 'expected a private key in PEM')
  }
  try {
    const context = createSecureContext({
      cert: options.clientCertificate,
      key: options.clientPrivateKey,
      ca: [...options.trustedCertificates],
      minVersion: 'TLSv1.2',
      // A trusted certificate may be an intermediate one, or the server's own.
      allowPartialTrustChain: true,
      ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers }),
    })
    return { context, serverName: options.serverName }
  } catch (error) {
    throw invalid('tls', describeError(error))
  }
}
