import { join } from 'node:path'
import { systemRandom } from '@trusthold/core/ports'
import { makeSelfSignedCertificate } from '@trusthold/core/x509'
import { createKmipServer } from '@trusthold/kmip-adapter/server'
import { openSqlite } from '@trusthold/storage-adapter'
import { startPyKmip } from '../../../scripts/peers/pykmip.mjs'

/** A key server that runs, and a client's credentials for it. PEM texts. */
export interface RunningKeyServer {
  readonly host: string
  readonly port: number
  /** The certificate that the server's chains to. */
  readonly ca: string
  readonly clientCertificate: string
  readonly clientPrivateKey: string
  /** Stops it and starts it again, with the same objects. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The key servers that the demo can run on, by their names on the command line. */
export const keyServers = {
  /** The one of this project, in this process, on a database of its own. */
  embedded: startEmbedded,
  /** PyKMIP, as Debian packages it. */
  pykmip: (_directory: string): Promise<RunningKeyServer> => startPyKmip(),
} as const

/** Name of a key server. */
export type KeyServerName = keyof typeof keyServers

async function startEmbedded(directory: string): Promise<RunningKeyServer> {
  const now = Date.now()
  const tls = makeSelfSignedCertificate({ hosts: ['127.0.0.1'], now })
  const client = makeSelfSignedCertificate({ hosts: ['key-provider'], usage: 'client', now })
  const keyEncryptionKey = systemRandom.bytes(32)
  const run = async (port: number) => {
    const storage = await openSqlite(join(directory, 'key-server.db'))
    const server = createKmipServer({
      tls: { ...tls, clientCertificates: [client.certificate] },
      store: storage.config,
      exclusive: true,
      keyEncryptionKey,
    })
    const stop = async (): Promise<void> => {
      await server.close()
      await storage.close()
    }
    try {
      return { ...(await server.listen({ port })), stop }
    } catch (error) {
      await stop()
      throw error
    }
  }
  let running = await run(0)
  return {
    host: running.host,
    port: running.port,
    ca: tls.certificate,
    clientCertificate: client.certificate,
    clientPrivateKey: client.privateKey,
    async restart() {
      const { port } = running
      await running.stop()
      running = await run(port)
    },
    stop: () => running.stop(),
  }
}
