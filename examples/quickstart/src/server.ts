import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { type Authority, createAuthority } from '@trusthold/core/authority'
import type { SelfSignedCertificate } from '@trusthold/core/x509'
import { kmip } from '@trusthold/kmip-adapter'
import { openSqlite } from '@trusthold/storage-adapter'

/** Both services, running. */
export interface Services {
  readonly url: string
  readonly authority: Authority
  /** Closes server, services and database. */
  stop(): Promise<void>
}

/**
 * Starts both services on the database in a directory, over HTTPS.
 * @param port 0 for any free one
 * @param allowSoftwareTpm whether software TPMs may attest, as nowhere but in a demo
 */
export async function startServices(
  directory: string,
  tls: SelfSignedCertificate,
  port: number,
  allowSoftwareTpm: boolean,
): Promise<Services> {
  const storage = await openSqlite(join(directory, 'authority.db'))
  let authority: Authority | undefined
  const server = createAdaptorServer({
    fetch: (request) => authority?.fetch(request) ?? new Response(null, { status: 503 }),
    createServer,
    serverOptions: { cert: tls.certificate, key: tls.privateKey, minVersion: 'TLSv1.2' },
  }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const opened = await createAuthority({
    group: 'demo',
    origins: [url],
    storage,
    keyServer: kmip(),
    allowSoftwareTpm,
  })
  authority = opened
  return {
    url,
    authority: opened,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      await opened.close()
      await storage.close()
    },
  }
}
