import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { SecretBytes } from '@trusthold/core/bytes'
import { Providers, parseWrappedKey, wrapKey } from '@trusthold/core/key-provider'
import { type KeyServer, systemClock, systemRandom } from '@trusthold/core/ports'
import { openMemory } from '@trusthold/storage-adapter/memory'
import type { Benchmark } from './benchmark.js'

const primaryKey = randomBytes(32)
const primaryKeyId = 'primary'

const notPart = (): Promise<never> => Promise.reject(new Error('not part of this benchmark'))

/** Asked once; from then on the provider's own short-lived cache answers, which is what is measured. */
const keyServer: KeyServer = {
  describe: async (id) => ({
    id,
    state: 'active',
    algorithm: 'AES',
    length: 256,
    usage: ['encrypt', 'decrypt'],
  }),
  get: async () => SecretBytes.from(primaryKey),
  abilities: notPart,
  encrypt: notPart,
  decrypt: notPart,
  create: notPart,
  health: notPart,
  close: async () => undefined,
}

async function prepare() {
  const providers = await Providers.open({
    config: openMemory().config,
    keyServer: () => keyServer,
    clock: systemClock,
    random: systemRandom,
    primaryKeyLifetimeMs: 3_600_000,
  })
  await providers.create({
    name: 'bench',
    primaryKeyId,
    keyServer: {
      servers: [{ name: 'kms', host: '127.0.0.1' }],
      clientCertificate: 'none',
      clientPrivateKey: 'none',
      trustedCertificates: ['none'],
    },
  })
  const wrapped = wrapKey(primaryKey, { provider: 'bench', primaryKeyId }, randomBytes(32), systemRandom)
  return { providers, wrapped }
}

let prepared: ReturnType<typeof prepare> | undefined

const iv = randomBytes(12)
const cipher = createCipheriv('aes-256-gcm', primaryKey, iv)
const ciphertext = Buffer.concat([cipher.update(randomBytes(32)), cipher.final()])
const tag = cipher.getAuthTag()

/** From the wrapped key's text to its bytes, against the one AES-256-GCM opening in it. */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'key.unwrap',
    async run() {
      prepared ??= prepare()
      const { providers, wrapped } = await prepared
      const parsed = parseWrappedKey(wrapped)
      const key = await providers.get(parsed.provider).wrapping.unwrap(parsed)
      key.copy()
      key.wipe()
    },
    floor() {
      const decipher = createDecipheriv('aes-256-gcm', primaryKey, iv)
      decipher.setAuthTag(tag)
      decipher.update(ciphertext)
      decipher.final()
    },
  },
]
