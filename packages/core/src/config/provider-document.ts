import { z } from 'zod'
import { jsonDocument } from './documents.js'

const pem = z.string().min(1).max(65_536)

const username = z.string().min(1).max(256)
const password = z.string().max(1_024)

const identifier = z.string().min(1).max(1_024).exactOptional()

const device = z
  .strictObject({
    deviceSerialNumber: identifier,
    deviceIdentifier: identifier,
    networkIdentifier: identifier,
    machineIdentifier: identifier,
    mediaIdentifier: identifier,
  })
  .refine((members) => Object.keys(members).length > 0, 'expected something that identifies the device')

const credential = z.union([
  z.strictObject({ username, password: password.exactOptional() }),
  z.strictObject({ device, password: password.exactOptional() }),
])

const keyServerConfig = z.strictObject({
  servers: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(128),
        host: z.string().min(1).max(253),
        port: z.int().min(1).max(65_535).exactOptional(),
      }),
    )
    .min(1)
    .max(16),
  clientCertificate: pem,
  clientPrivateKey: pem,
  trustedCertificates: z.array(pem).min(1).max(16),
  pinnedCertificates: z.array(z.string().min(64).max(95)).max(64).exactOptional(),
  credential: credential.exactOptional(),
  proxy: z
    .strictObject({
      host: z.string().min(1).max(253),
      port: z.int().min(1).max(65_535),
      username: username.exactOptional(),
      password: password.exactOptional(),
    })
    .exactOptional(),
  timeoutSeconds: z.int().min(1).max(300).exactOptional(),
})

/** Checks what an administrator says of a trusted key provider. */
export const providerConfig = z.strictObject({
  primaryKeyId: z.string().min(1).max(256),
  /** Primary keys that keys were wrapped under before; only these and the current one are ever fetched. */
  formerPrimaryKeyIds: z.array(z.string().min(1).max(256)).max(1_000),
  keyServer: keyServerConfig,
  allowTlsDelivery: z.boolean(),
  /** Providers that were stored before there was a choice fetch their primary keys. */
  primaryKeyMode: z.enum(['local', 'remote']).default('local'),
})

/** A trusted key provider's configuration. */
export interface ProviderConfig extends z.infer<typeof providerConfig> {}

/** How it is stored. */
export const providerDocument = jsonDocument<ProviderConfig>(providerConfig)
