import { createHash, X509Certificate } from 'node:crypto'
import { TrustholdError } from '@trusthold/core/errors'

/** SHA-256 digests of certificates or of their public keys (SubjectPublicKeyInfo), in lower-case hexadecimal. */
export type Pins = ReadonlySet<string>

function sha256(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex')
}

/**
 * Reads pins: 64 hexadecimal digits each, in groups with colons between them or without.
 * @throws CONFIGURATION_INVALID
 */
export function parsePins(pins: readonly string[]): Pins {
  return new Set(
    pins.map((pin) => {
      const digits = pin.replaceAll(':', '').toLowerCase()
      if (/^[0-9a-f]{64}$/.test(digits)) return digits
      const reason = 'expected SHA-256 digests, of 64 hexadecimal digits each'
      throw new TrustholdError('CONFIGURATION_INVALID', { name: 'pinnedCertificates', reason })
    }),
  )
}

/**
 * What keeps a server's certificate from being a pinned one; undefined when nothing does, and when there are no pins.
 * @param der the certificate
 */
export function findPinFault(pins: Pins, der: Uint8Array): Error | undefined {
  if (pins.size === 0) return undefined
  const certificate = sha256(der)
  if (pins.has(certificate)) return undefined
  const publicKey = sha256(new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }))
  if (pins.has(publicKey)) return undefined
  return new Error(`the certificate is none of the pinned ones: its SHA-256 is ${certificate}`)
}
