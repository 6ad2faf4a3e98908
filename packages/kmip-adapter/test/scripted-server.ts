import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { concatBytes } from '@trusthold/core/bytes'
import type { Clock } from '@trusthold/core/ports'
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type Identity,
} from '../../../scripts/peers/certificate-authority.mjs'
import { KmipClient } from '../src/client.js'
import type { KmipClientOptions } from '../src/client-options.js'
import { type ResponseMessage, requestMessage, responseMessage } from '../src/messages/index.js'
import {
  decodeMessage,
  type Enumerated,
  encodeMessage,
  messageHeaderLength,
  messageLength,
} from '../src/ttlv/index.js'

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

/**
 * Starts a server that asks for a client certificate of the authority.
 * @param tls what it does otherwise than usual
 */
export async function startScripted(
  { authority, server: identity }: Pick<TestIdentities, 'authority' | 'server'>,
  script: Script,
  tls: TlsOptions = {},
): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = []
  const sockets: TLSSocket[] = []
  const server = createServer(
    {
      cert: identity.certificate,
      key: identity.privateKey,
      ca: authority.certificate,
      requestCert: true,
      ...tls,
    },
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

type Reason = Enumerated<'ResultReason'>
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

/** The response to a Locate that failed for this reason. */
export function locateFailed(resultReason: Reason, resultMessage?: string): Uint8Array {
  return response([
    {
      operation: 'Locate',
      resultStatus: 'OperationFailed',
      resultReason,
      ...(resultMessage === undefined ? {} : { resultMessage }),
    },
  ])
}

/** The response to a Create that made this. */
export function created(uniqueIdentifier: string): Uint8Array {
  return response([
    {
      operation: 'Create',
      resultStatus: 'Success',
      responsePayload: { objectType: 'SymmetricKey', uniqueIdentifier },
    },
  ])
}

/** The response to a DiscoverVersions. */
export function versionsServed(
  ...versions: readonly (readonly [major: number, minor: number])[]
): Uint8Array {
  const protocolVersion = versions.map(([protocolVersionMajor, protocolVersionMinor]) => ({
    protocolVersionMajor,
    protocolVersionMinor,
  }))
  return response([
    { operation: 'DiscoverVersions', resultStatus: 'Success', responsePayload: { protocolVersion } },
  ])
}

/** A clock that the test moves. */
export interface MovableClock extends Clock {
  time: number
}

/** A clock that stands at the present time until it is moved. */
export function movableClock(): MovableClock {
  const clock = { time: Date.now(), now: () => clock.time }
  return clock
}

/** Scripted servers and their clients, all ended together. */
export interface Stage {
  readonly identities: TestIdentities
  serve(script: Script, identity?: Identity, tls?: TlsOptions): Promise<ScriptedServer>
  /** A client that speaks 1.4 unless told otherwise, and connects on first use. */
  clientOf(ports: readonly number[], more?: Partial<KmipClientOptions>): KmipClient
  /** Calls back at the end. */
  onEnd(callback: () => Promise<unknown>): void
  end(): Promise<void>
}

/** Makes a stage. */
export function openStage(identities: TestIdentities): Stage {
  const endings: (() => Promise<unknown>)[] = []
  return {
    identities,
    async serve(script, server = identities.server, tls = {}) {
      const scripted = await startScripted({ authority: identities.authority, server }, script, tls)
      endings.push(() => scripted.stop())
      return scripted
    },
    clientOf(ports, more = {}) {
      const version = more.versions === undefined ? ({ version: '1.4' } as const) : {}
      const client = KmipClient.lazy(clientOptions(identities, ports, { ...version, ...more }))
      endings.push(() => client.close())
      return client
    },
    onEnd: (callback) => endings.push(callback),
    async end() {
      for (const ending of endings.splice(0).reverse()) await ending()
    },
  }
}
