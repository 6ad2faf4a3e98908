import { SecretBytes } from '@trusthold/core/bytes'
import { readPkcs12, writePem } from '@trusthold/core/x509'
import { firstLine } from './first-line.js'

/** Files that hold the certificate and the key with which the key server knows this one. */
export type ClientCredentialFiles =
  | { readonly clientCertificate: string; readonly clientPrivateKey: string }
  | { readonly clientPkcs12: string; readonly clientPkcs12Password: string }

/** Certificate (with its chain) and private key, PEM. */
export interface ClientCredentials {
  readonly clientCertificate: string
  readonly clientPrivateKey: string
}

/**
 * Reads the files: two of PEM, or one PKCS#12 file and one that holds its password on its first line.
 * @throws CERTIFICATE_BUNDLE_INVALID for a PKCS#12 file or password that is not right
 */
export async function readClientCredentials(
  files: ClientCredentialFiles,
  read: (name: string) => Promise<Buffer>,
): Promise<ClientCredentials> {
  if ('clientCertificate' in files) {
    return {
      clientCertificate: (await read(files.clientCertificate)).toString('utf8'),
      clientPrivateKey: (await read(files.clientPrivateKey)).toString('utf8'),
    }
  }
  const password = SecretBytes.take(firstLine(await read(files.clientPkcs12Password)))
  try {
    const { certificates, privateKey } = await readPkcs12(await read(files.clientPkcs12), password)
    const clientPrivateKey = privateKey.use((der) => writePem('PRIVATE KEY', der))
    privateKey.wipe()
    return {
      clientCertificate: certificates.map(({ der }) => writePem('CERTIFICATE', der)).join(''),
      clientPrivateKey,
    }
  } finally {
    password.wipe()
  }
}
