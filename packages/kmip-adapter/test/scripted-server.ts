import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { concatBytes } from '@trusthold/core/bytes'
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type Identity,
} from '../../../scripts/peers/certificate-authority.mjs'
import type { KmipClientOptions } from '../src/client-options.js'
import { type ResponseMessage, requestMessage, responseMessage } from '../src/messages/index.js'
import { decodeMessage, encodeMessage, messageHeaderLength, messageLength } from '../src/ttlv/index.js'

/** Certificates for scripted servers and their clients. */
export interface TestIdentities {
  readonly authority: CertificateAuthority
  readonly server: Identity
  readonly client: Identity
  remove(): Promise<void>
}

/** Makes the certificates that all is well with. */
export async function createIdentities(): Promise<TestIdentities> {
  const directory = await mkdtemp(join(tmpdir(), 'trusthold-kmip-test-'))
  const authority = await createCertificateAuthority(join(directory, 'ca'), 'test CA')
  const [server, client] = await Promise.all([
    authority.issue({ subject: '/CN=localhost', usage: ['serverAuth'], names: ['IP:127.0.0.1'] }),
    authority.issue({ subject: '/CN=client', usage: ['clientAuth'] }),
  ])
  return { authority, server, client, remove: () => rm(directory, { recursive: true, force: true }) }
}

/** What a script sees of one request. */
export interface ScriptedRequest {
  readonly frame: Uint8Array
  /** Name of the operation. */
  readonly operation: string | number
  /** The version in the header. */
  readonly version: string
  readonly socket: TLSSocket
  /** 0 for the first connection. */
  readonly connection: number
  /** Counts the requests of all connections, from 0. */
  readonly count: number
}

/** What a script does with a request: the bytes that it returns are sent. */
export type Script = (request: ScriptedRequest) => Uint8Array | undefined

/** A TLS server that answers by a script. */
export interface ScriptedServer {
  readonly port: number
  readonly requests: readonly ScriptedRequest[]
  /** How many connections it took. */
  readonly connections: number
  /** Resolves when the given connection has ended. */
  ended(connection: number): Promise<unknown>
  stop(): Promise<void>
}

function readRequest(frame: Uint8Array) {
  const { requestHeader, batchItem = [] } = decodeMessage(requestMessage, frame)
  const { protocolVersionMajor, protocolVersionMinor } = requestHeader.protocolVersion
  return {
    operation: batchItem[0]?.operation ?? 'none',
    version: `${protocolVersionMajor}.${protocolVersionMinor}`,
  }
}

/** Starts a server that asks for a client certificate of the authority. */
export async function startScripted(
  { authority, server: identity }: Pick<TestIdentities, 'authority' | 'server'>,
  script: Script,
): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = []
  const sockets: TLSSocket[] = []
  const server = createServer(
    { cert: identity.certificate, key: identity.privateKey, ca: authority.certificate, requestCert: true },
    (socket) => {
      const connection = sockets.push(socket) - 1
      let collected: Uint8Array = new Uint8Array()
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        collected = concatBytes(collected, chunk)
        while (collected.length >= messageHeaderLength && collected.length >= messageLength(collected)) {
          const frame = collected.slice(0, messageLength(collected))
          collected = collected.slice(frame.length)
          const request = { frame, ...readRequest(frame), socket, connection, count: requests.length }
          requests.push(request)
          const answer = script(request)
          if (answer !== undefined) socket.write(answer)
        }
      })
    },
  )
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    get connections() {
      return sockets.length
    },
    ended: async (connection) =>
      sockets[connection]?.destroyed || once(sockets[connection] as TLSSocket, 'close'),
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Options for a client of scripted servers. */
export function clientOptions(
  identities: Pick<TestIdentities, 'authority' | 'client'>,
  ports: readonly number[],
  more: Partial<KmipClientOptions> = {},
): KmipClientOptions {
  return {
    servers: ports.map((port) => ({ host: '127.0.0.1', port })),
    tls: {
      clientCertificate: identities.client.certificate,
      clientPrivateKey: identities.client.privateKey,
      trustedCertificates: [identities.authority.certificate],
    },
    ...more,
  }
}

type Item = NonNullable<ResponseMessage['batchItem']>[number]

/** A response with these answers. */
export function response(items: readonly Item[], batchCount = items.length): Uint8Array {
  return encodeMessage(responseMessage, {
    responseHeader: {
      protocolVersion: { protocolVersionMajor: 1, protocolVersionMinor: 4 },
      timeStamp: 1n,
      batchCount,
    },
    batchItem: items,
  })
}

/** The response to a Locate that found these. */
export function located(...uniqueIdentifier: string[]): Uint8Array {
  return response([{ operation: 'Locate', resultStatus: 'Success', responsePayload: { uniqueIdentifier } }])
}
