import { SecretBytes } from '@trusthold/core/bytes'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { allUses, attr, type Payload, type Talker, talk } from './talker.js'

const start = 1_000_000

export let identities: TestIdentities
export let embedded: Embedded
export let talker: Talker
/** The server's time, in seconds; a test may let it pass. */
export const clock = { seconds: start }

/** Starts a server and a client of KMIP 2.1 before the file's tests, and ends them after. */
export function useKeyServer(): void {
  beforeAll(async () => {
    identities = await createIdentities()
    embedded = await startEmbedded(identities, { clock: { now: () => clock.seconds * 1_000 } })
    talker = await talk(embedded, identities, '2.1')
  })
  afterAll(async () => {
    await talker[Symbol.asyncDispose]()
    await embedded.server.close()
    await identities.remove()
  })
  beforeEach(() => {
    clock.seconds = start
  })
}

export type Block = { keyFormatType: string; keyValue: unknown; keyWrappingData?: Payload } & Payload
export const secret = (bytes: Uint8Array): SecretBytes => SecretBytes.from(bytes)
export const active = attr('ActivationDate', 1n)
export const isActive = [active, attr('CryptographicUsageMask', allUses)]

export const blockOf = (got: Payload): Block => {
  const holder = Object.values(got).find(
    (value) => typeof value === 'object' && value !== null && 'keyBlock' in value,
  )
  return (holder as { keyBlock: Block }).keyBlock
}
export const materialOf = (got: Payload): Uint8Array => {
  const { keyMaterial } = blockOf(got).keyValue as { keyMaterial: SecretBytes | { key: SecretBytes } }
  return (keyMaterial instanceof SecretBytes ? keyMaterial : keyMaterial.key).copy()
}
export const get = (uniqueIdentifier: unknown, more: object = {}) =>
  talker.ask('Get', { uniqueIdentifier, ...more })
export const fields: Readonly<Record<string, string>> = {
  SymmetricKey: 'symmetricKey',
  PublicKey: 'publicKey',
  PrivateKey: 'privateKey',
  SecretData: 'secretData',
  SplitKey: 'splitKey',
}
export const registration = (
  objectType: string,
  keyBlock: object,
  more: object = {},
  attributes: readonly object[] = [],
) => ({
  objectType,
  attributes,
  [fields[objectType] ?? '']: { ...more, keyBlock },
})
export const register = async (...args: Parameters<typeof registration>): Promise<string> =>
  String((await talker.ask('Register', registration(...args)))['uniqueIdentifier'])
export const raw = (bytes: Uint8Array, more: object = {}) => ({
  keyFormatType: 'Raw',
  keyValue: { keyMaterial: secret(bytes) },
  ...more,
})
export const aes = { cryptographicAlgorithm: 'AES' }

export async function attributesOf(uniqueIdentifier: unknown): Promise<{ name: string; value: unknown }[]> {
  const { attributes } = await talker.ask('GetAttributes', { uniqueIdentifier })
  return attributes as { name: string; value: unknown }[]
}
export const valueIn = async (id: unknown, name: string): Promise<unknown> =>
  (await attributesOf(id)).find((attribute) => attribute.name === name)?.value
