import { SecretBytes } from '../../src/bytes/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import {
  type AuditRecord,
  auditChainStart,
  chainAudit,
  type KeyServer,
  type KeyServerConfig,
  type PrimaryKeyInfo,
  type Storage,
} from '../../src/ports/index.js'
import { type ScriptedStore, scriptedStore } from '../config/scripted-store.js'
import { mapGuard } from '../token/fixtures.js'

/** A key server in memory. Its calls wait for `gate` and fail with `failure` while that is set. */
export interface FakeKeyServer extends KeyServer {
  readonly keys: Map<string, { info: PrimaryKeyInfo; bytes: Uint8Array }>
  readonly calls: string[]
  /** Every secret that was handed out. */
  readonly lent: SecretBytes[]
  failure: Error | undefined
  gate: Promise<void>
  closed: number
  add(id: string, change?: Partial<PrimaryKeyInfo>, bytes?: Uint8Array): void
}

export function fakeKeyServer(): FakeKeyServer {
  const server: FakeKeyServer = {
    keys: new Map(),
    calls: [],
    lent: [],
    failure: undefined,
    gate: Promise.resolve(),
    closed: 0,
    add(id, change = {}, bytes = new Uint8Array(32).fill(server.keys.size + 1)) {
      server.keys.set(id, { info: { id, state: 'active', algorithm: 'AES', length: 256, ...change }, bytes })
    },
    describe: async (id) => (await find('describe', id)).info,
    async get(id) {
      const secret = SecretBytes.from((await find('get', id)).bytes)
      server.lent.push(secret)
      return secret
    },
    async create(name) {
      await answer(`create ${name}`)
      server.add(`made-${name}`)
      return (await find('describe', `made-${name}`)).info
    },
    check: () => answer('check'),
    async close() {
      server.closed++
    },
  }
  const answer = async (call: string) => {
    server.calls.push(call)
    await server.gate
    if (server.failure !== undefined) throw server.failure
  }
  const find = async (operation: string, id: string) => {
    await answer(`${operation} ${id}`)
    const found = server.keys.get(id)
    if (found !== undefined) return found
    throw new TrustholdError('KMIP_RESULT', {
      operation,
      status: 'Operation Failed',
      reason: 'Item Not Found',
      kind: 'notFound',
    })
  }
  return server
}

/** Storage in memory. */
export interface FakeStorage extends Storage {
  readonly config: ScriptedStore
  readonly replay: ReturnType<typeof mapGuard>
  readonly records: AuditRecord[]
  /** Thrown by every append while set. */
  auditFailure: Error | undefined
}

export function fakeStorage(): FakeStorage {
  const records: AuditRecord[] = []
  const storage: FakeStorage = {
    config: scriptedStore(),
    replay: mapGuard(),
    records,
    auditFailure: undefined,
    audit: {
      async append(content) {
        if (storage.auditFailure !== undefined) throw storage.auditFailure
        const sequence = records.length + 1
        const hash = chainAudit(records.at(-1)?.hash ?? auditChainStart, sequence, content)
        const record = { sequence, content: Uint8Array.from(content), hash }
        records.push(record)
        return record
      },
      read: async (from, limit) => records.slice(from - 1, from - 1 + limit),
      close: async () => undefined,
    },
    close: async () => undefined,
  }
  return storage
}

export const canaryPem = '-----BEGIN PRIVATE KEY-----\ncanary-private-key\n-----END PRIVATE KEY-----'
export const keyServerConfig: KeyServerConfig = {
  servers: [{ name: 'a', host: 'kms1.example', port: 5_696 }],
  clientCertificate: 'certificate',
  clientPrivateKey: canaryPem,
  trustedCertificates: ['ca'],
}
