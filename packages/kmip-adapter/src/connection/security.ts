import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import { findPinFault, type Pins, parsePins } from './pins.js'

/**
 * How the two sides prove who they are. PEM texts; `readClientPkcs12` makes them of a PKCS#12 file. A server's
 * certificate is always checked, chain and name: nothing turns that off.
 */
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
  /**
   * SHA-256 digests, hexadecimal, of the certificates that servers may have or of their public keys
   * (SubjectPublicKeyInfo): one of them must fit, and the chain and the name as well.
   */
  readonly pinnedCertificates?: readonly string[]
  /** The name that a server's certificate must have; by default the host by which it is reached. */
  readonly serverName?: string
  /** OpenSSL's list of cipher suites for TLS 1.2; Node's by default. */
  readonly ciphers?: string
}

/** {@link KmipTlsOptions}, made ready for connections. */
export interface Security {
  readonly context: SecureContext
  readonly serverName: string | undefined
  readonly pins: Pins
  /** When our own certificate ends, in milliseconds since 1970. */
  readonly clientCertificateEnds: number
}

function invalid(name: string, reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name, reason })
}

/** The first certificate of a PEM text. */
function parseFirst(name: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw invalid(name, 'expected a certificate in PEM')
  }
}

/**
 * Reads certificates and key.
 * @throws CONFIGURATION_INVALID when one is missing, is not what it should be, or the two do not belong together
 */
export function createSecurity(options: KmipTlsOptions): Security {
  // Programs in plain JavaScript leave out what the types ask for.
  const {
    trustedCertificates = [],
    clientCertificate = '',
    clientPrivateKey = '',
  }: Partial<KmipTlsOptions> = options ?? {}
  if (trustedCertificates.length === 0) throw invalid('trustedCertificates', 'at least one is needed')
  for (const pem of trustedCertificates) parseFirst('trustedCertificates', pem)
  const own = parseFirst('clientCertificate', clientCertificate)
  if (!clientPrivateKey.includes('-----BEGIN')) {
    throw invalid('clientPrivateKey', 'expected a private key in PEM')
  }
  const pins = parsePins(options.pinnedCertificates ?? [])
  try {
    const context = createSecureContext({
      cert: clientCertificate,
      key: clientPrivateKey,
      ca: [...trustedCertificates],
      minVersion: 'TLSv1.2',
      // A trusted certificate may be an intermediate one, or the server's own.
      allowPartialTrustChain: true,
      ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers }),
    })
    return { context, serverName: options.serverName, pins, clientCertificateEnds: Date.parse(own.validTo) }
  } catch (error) {
    throw invalid('tls', describeError(error))
  }
}

/**
 * What is wrong with a server's certificate besides its chain, which TLS has checked: its name, and whether it is a
 * pinned one.
 * @param host where the server was looked for
 */
export function findCertificateFault(
  { serverName, pins }: Security,
  host: string,
  certificate: PeerCertificate,
): Error | undefined {
  return checkServerIdentity(serverName ?? host, certificate) ?? findPinFault(pins, certificate.raw)
}
