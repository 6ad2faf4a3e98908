import type { SecretBytes } from '@trusthold/core/bytes'
import { readPkcs12, writePem } from '@trusthold/core/x509'
import type { KmipTlsOptions } from './security.js'

/** Our side of {@link KmipTlsOptions}: certificate and private key. */
export type ClientIdentity = Pick<KmipTlsOptions, 'clientCertificate' | 'clientPrivateKey'>

/**
 * The client's certificate, with the intermediates in the file, and its private key.
 * @param file PKCS#12 (RFC 7292), as the browsers and consoles of key servers export it; also in its older encryptions
 * @param password of printable ASCII characters
 * @throws CERTIFICATE_BUNDLE_INVALID, ARGUMENT_INVALID
 */
export async function readClientPkcs12(
  file: Uint8Array,
  password: string | SecretBytes,
): Promise<ClientIdentity> {
  const { privateKey, certificates } = await readPkcs12(file, password)
  try {
    return {
      clientCertificate: certificates.map(({ der }) => writePem('CERTIFICATE', der)).join(''),
      clientPrivateKey: privateKey.use((der) => writePem('PRIVATE KEY', der)),
    }
  } finally {
    privateKey.wipe()
  }
}
