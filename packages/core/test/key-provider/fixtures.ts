import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { SecretBytes } from '../../src/bytes/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import {
  type AuditRecord,
  auditChainStart,
  chainAudit,
  type KeyServer,
  type KeyServerConfig,
  type KeyServerNodeHealth,
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
  /** What `health` says. */
  nodes: readonly KeyServerNodeHealth[]
  add(id: string, change?: Partial<PrimaryKeyInfo>, bytes?: Uint8Array): void
}

export const wellNode: KeyServerNodeHealth = { name: 'a', endpoint: 'kms1:5696', health: 'OK', details: [] }

function keyInfo(id: string): PrimaryKeyInfo {
  const usage = ['encrypt', 'decrypt', 'wrap-key', 'unwrap-key'] as const
  return { id, state: 'active', algorithm: 'AES', length: 256, usage }
}

/** What a key server says instead of an answer. */
export function refusal(
  operation: string,
  reason: string,
  kind: TrustholdError<'KMIP_RESULT'>['context']['kind'],
): TrustholdError {
  const options = { retryable: kind === 'transient' }
  return new TrustholdError('KMIP_RESULT', { operation, status: 'OperationFailed', reason, kind }, options)
}

export function fakeKeyServer(): FakeKeyServer {
  const server: FakeKeyServer = {
    keys: new Map(),
    calls: [],
    lent: [],
    failure: undefined,
    gate: Promise.resolve(),
    closed: 0,
    nodes: [wellNode],
    add(id, change = {}, bytes = new Uint8Array(32).fill(server.keys.size + 1)) {
      server.keys.set(id, { info: { ...keyInfo(id), ...change }, bytes })
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
    async abilities(id) {
      await find('abilities', id)
      return { get: { able: true }, encrypt: { able: true }, decrypt: { able: true } }
    },
    async encrypt(id, plaintext, data) {
      const { bytes } = await find('encrypt', id)
      const iv = new Uint8Array(randomBytes(12))
      const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(data)
      const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()]))
      return { iv, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) }
    },
    async decrypt(id, { iv, ciphertext, tag }, data) {
      const { bytes } = await find('decrypt', id)
      const decipher = createDecipheriv('aes-256-gcm', bytes, iv).setAAD(data).setAuthTag(tag)
      const secret = SecretBytes.take(new Uint8Array(decipher.update(ciphertext)))
      server.lent.push(secret)
      try {
        decipher.final()
        return secret
      } catch {
        secret.wipe()
        throw refusal('decrypt', 'CryptographicFailure', 'other')
      }
    },
    async health() {
      await answer('health')
      return server.nodes
    },
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
    throw refusal(operation, 'ItemNotFound', 'notFound')
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
