import { fromUtf8 } from '@trusthold/core/bytes'
import type { KeyServerConfig, KeyServerCredential, KeyServerProxy } from '@trusthold/core/ports'
import { readClientCredentials } from './client-credentials.js'
import type { KeyServerDocument } from './configuration-schema.js'
import { firstLine } from './first-line.js'

type Read = (name: string) => Promise<Buffer>
type Connection = KeyServerDocument['connection']
type Credential = NonNullable<Connection['credential']>
type Proxy = NonNullable<Connection['proxy']>

/** Reads the files that the configuration names for a provider's key servers. */
export async function readKeyServer(
  { connection, client }: KeyServerDocument,
  read: Read,
): Promise<KeyServerConfig> {
  const { trustedCertificates, credential, proxy, ...others } = connection
  const readText = async (name: string): Promise<string> => (await read(name)).toString('utf8')
  return {
    ...others,
    ...(await readClientCredentials(client, read)),
    trustedCertificates: await Promise.all(trustedCertificates.map(readText)),
    ...(credential === undefined ? {} : { credential: await readCredential(credential, read) }),
    ...(proxy === undefined ? {} : { proxy: await readProxy(proxy, read) }),
  }
}

/** The password on the first line of the file; nothing when no file is named. */
async function readPassword(file: string | undefined, read: Read): Promise<{ password?: string }> {
  if (file === undefined) return {}
  const password = fromUtf8(firstLine(await read(file)))
  if (password === '') throw new Error(`expected a password on the first line of ${file}`)
  return { password }
}

async function readCredential(
  { passwordFile, ...who }: Credential,
  read: Read,
): Promise<KeyServerCredential> {
  return { ...who, ...(await readPassword(passwordFile, read)) }
}

async function readProxy({ passwordFile, ...proxy }: Proxy, read: Read): Promise<KeyServerProxy> {
  return { ...proxy, ...(await readPassword(passwordFile, read)) }
}
