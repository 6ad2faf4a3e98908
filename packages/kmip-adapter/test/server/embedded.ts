import type { ConfigStore } from '@trusthold/core/ports'
import { openMemory } from '@trusthold/storage-adapter/memory'
import type { KmipClientOptions } from '../../src/client-options.js'
import { createKmipServer, type KmipServer, type KmipServerOptions } from '../../src/server/index.js'
import { createIdentities, type TestIdentities } from '../scripted-server.js'

/** A server that runs in this process. */
export interface Embedded extends AsyncDisposable {
  readonly server: KmipServer
  readonly port: number
  readonly store: ConfigStore
  readonly options: KmipServerOptions
  /** Options for a client of the server. */
  clientOptions(more?: Partial<KmipClientOptions>): KmipClientOptions
}

/** The key-encryption key of test servers. */
export const testKey = new Uint8Array(32).fill(7)

/** Starts a server on a store in memory. */
export async function startEmbedded(
  identities: TestIdentities,
  more: Partial<KmipServerOptions> = {},
): Promise<Embedded> {
  const store = more.store ?? openMemory().config
  const options: KmipServerOptions = {
    tls: {
      certificate: identities.server.certificate,
      privateKey: identities.server.privateKey,
      clientCertificates: [identities.authority.certificate],
    },
    keyEncryptionKey: testKey,
    onError: (error) => console.error(error),
    ...more,
    store,
  }
  const server = createKmipServer(options)
  const { port } = await server.listen()
  return {
    server,
    port,
    store,
    options,
    clientOptions: (extra = {}) => ({
      servers: [{ host: '127.0.0.1', port }],
      tls: {
        clientCertificate: identities.client.certificate,
        clientPrivateKey: identities.client.privateKey,
        trustedCertificates: [identities.authority.certificate],
      },
      ...extra,
    }),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

export { createIdentities, type TestIdentities }
