import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSupervised } from '../../../scripts/peers/supervised-process.mjs'
import type { TestIdentities } from './scripted-server.js'

/** A TLS server of OpenSSL's, which says by an alert what it does not like about a client. */
export interface OpenSslServer {
  readonly port: number
  stop(): Promise<void>
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (connected: boolean): void => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}

/** Starts a server that demands a client certificate of the authority and answers nothing. */
export async function startOpenSsl(
  { authority, server }: TestIdentities,
  version: '-tls1_2' | '-tls1_3',
): Promise<OpenSslServer> {
  const directory = await mkdtemp(join(tmpdir(), 'trusthold-openssl-'))
  const at = (file: string): string => join(directory, file)
  await writeFile(at('ca.pem'), authority.certificate)
  await writeFile(at('server.pem'), server.certificate)
  await writeFile(at('server.key'), server.privateKey)
  const port = await findFreePort()
  const child = await startSupervised(
    'openssl',
    [
      ...[
        's_server',
        '-quiet',
        '-accept',
        `127.0.0.1:${port}`,
        '-cert',
        at('server.pem'),
        '-key',
        at('server.key'),
      ],
      ...['-CAfile', at('ca.pem'), '-Verify', '1', '-verify_return_error', version],
    ],
    { directory },
  )
  while (!(await canConnect(port))) {
    const failure = child.failure()
    if (failure !== undefined) throw new Error(failure)
  }
  return {
    port,
    async stop() {
      await child.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
