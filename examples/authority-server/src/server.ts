import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { type Authority, type AuthorityOptions, createAuthority } from '@trusthold/core/authority'
import type { RequestLog } from '@trusthold/core/http'
import { openSqlite } from '@trusthold/storage-adapter'
import { loadCertificate } from './certificate.js'
import type { Settings } from './settings.js'

/** A running server. */
export interface RunningServer {
  /** `https://host:port` that it listens on. */
  readonly url: string
  /** PEM; what hosts have to trust. */
  readonly certificate: string
  readonly authority: Authority
  /** Lets running requests end, for at most ten seconds, then closes everything. */
  close(): Promise<void>
}

const drainMs = 10_000

/** What the configuration says of the services, besides what is kept in the store. */
export interface ServiceOptions
  extends Pick<AuthorityOptions, 'keyServer'>,
    Partial<
      Pick<
        AuthorityOptions,
        | 'ima'
        | 'allowSoftwareTpm'
        | 'challengeLifetimeSeconds'
        | 'tokenLifetimeSeconds'
        | 'primaryKeyLifetimeSeconds'
      >
    > {}

/** Starts both services over HTTPS. */
export async function startServer(
  settings: Settings,
  services: ServiceOptions,
  log: (entry: RequestLog) => void,
): Promise<RunningServer> {
  await mkdir(settings.dataDirectory, { recursive: true, mode: 0o700 })
  const tls = await loadCertificate(settings.dataDirectory, settings.names)
  const storage = await openSqlite(join(settings.dataDirectory, 'authority.db'))
  let authority: Authority | undefined
  const server = makeServer(
    tls,
    (request) => authority?.fetch(request) ?? new Response(null, { status: 503 }),
  )
  try {
    const port = await listen(server, settings)
    const origins = settings.origins ?? settings.names.map((name) => originOf(name, port))
    const opened = await createAuthority({ ...services, group: settings.group, origins, storage, log })
    authority = opened
    return {
      url: originOf(settings.host, port),
      certificate: tls.certificate,
      authority: opened,
      async close() {
        await drain(server)
        await opened.close()
        await storage.close()
      },
    }
  } catch (error) {
    server.close()
    await storage.close()
    throw error
  }
}

const originOf = (host: string, port: number): string =>
  new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`).origin

function makeServer(
  { certificate, privateKey }: { certificate: string; privateKey: string },
  fetch: (request: Request) => Response | Promise<Response>,
): Server {
  const server = createAdaptorServer({
    fetch,
    createServer,
    serverOptions: { cert: certificate, key: privateKey, minVersion: 'TLSv1.2' },
  }) as Server
  // A client that sends slowly or not at all holds a connection for so long and no longer.
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000
  server.maxConnections = 1_000
  return server
}

/** @returns the port */
async function listen(server: Server, settings: Settings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, settings.host, () => resolve())
  })
  return (server.address() as AddressInfo).port
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearTimeout(timer)
}
