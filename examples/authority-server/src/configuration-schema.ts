import { z } from 'zod'
import type { ClientCredentialFiles } from './client-credentials.js'

interface ClientMembers {
  readonly clientCertificate?: string
  readonly clientPrivateKey?: string
  readonly clientPkcs12?: string
  readonly clientPkcs12Password?: string
}

/** Takes the files of the client's certificate and key apart from the rest: two of PEM, or PKCS#12 and password. */
function splitCredentials<T extends ClientMembers>(keyServer: T, context: z.RefinementCtx) {
  const { clientCertificate, clientPrivateKey, clientPkcs12, clientPkcs12Password, ...connection } = keyServer
  const pem = { clientCertificate, clientPrivateKey }
  const pkcs12 = { clientPkcs12, clientPkcs12Password }
  const [given, absent] = clientPkcs12 === undefined ? [pem, pkcs12] : [pkcs12, pem]
  const isOne =
    Object.values(given).every((file) => file !== undefined) &&
    Object.values(absent).every((file) => file === undefined)
  if (isOne) return { connection, client: given as ClientCredentialFiles }
  const message = 'expected clientCertificate and clientPrivateKey, or clientPkcs12 and clientPkcs12Password'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}

const flag = z.boolean().exactOptional()
const text = z.string().min(1)
const seconds = z.int().min(1).exactOptional()
const identifier = text.exactOptional()
const named = z.array(z.strictObject({ name: text, file: text })).default([])

const pin = z
  .string()
  .regex(
    /^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$/,
    'expected a SHA-256 digest of 64 hexadecimal digits, with colons or without',
  )

const credential = z
  .strictObject({
    username: identifier,
    device: z
      .strictObject({
        deviceSerialNumber: identifier,
        deviceIdentifier: identifier,
        networkIdentifier: identifier,
        machineIdentifier: identifier,
        mediaIdentifier: identifier,
      })
      .refine((members) => Object.keys(members).length > 0, 'expected something that identifies the device')
      .exactOptional(),
    passwordFile: identifier,
  })
  .transform(({ username, device, ...password }, context) => {
    if (username !== undefined && device === undefined) return { username, ...password }
    if (device !== undefined && username === undefined) return { device, ...password }
    context.addIssue({ code: 'custom', message: 'expected either username or device' })
    return z.NEVER
  })

const proxy = z
  .strictObject({
    host: text,
    port: z.int().min(1).max(65_535),
    username: identifier,
    passwordFile: identifier,
  })
  .refine(
    ({ username, passwordFile }) => passwordFile === undefined || username !== undefined,
    'expected a username with passwordFile',
  )

const keyServer = z
  .strictObject({
    servers: z.array(z.strictObject({ name: text, host: text, port: z.int().exactOptional() })),
    clientCertificate: identifier,
    clientPrivateKey: identifier,
    clientPkcs12: identifier,
    clientPkcs12Password: identifier,
    trustedCertificates: z.array(z.string()),
    pinnedCertificates: z
      .array(pin)
      .min(1, 'expected at least one pin: an empty list would pin nothing')
      .exactOptional(),
    credential: credential.exactOptional(),
    proxy: proxy.exactOptional(),
    timeoutSeconds: z.int().exactOptional(),
  })
  .transform(splitCredentials)

const ima = z
  .strictObject({
    allowList: text,
    keys: z.array(z.strictObject({ name: text, file: text, keyId: identifier })).default([]),
    acceptSigned: flag,
    allowSha1: flag,
    acceptViolations: flag,
    bootAggregate: z.enum(['required', 'if-known']).exactOptional(),
    maxSignatures: z.int().min(0).exactOptional(),
  })
  .refine(
    ({ acceptSigned, keys }) => acceptSigned !== true || keys.length > 0,
    'expected keys with acceptSigned: without them no signature is known',
  )

const kmipVersion = z.enum(['1.0', '1.1', '1.2', '1.3', '1.4', '2.0', '2.1'])

/** The configuration file. */
export const configurationSchema = z.strictObject({
  attestation: z
    .strictObject({
      allowSoftwareTpm: flag,
      ima: ima.exactOptional(),
      challengeLifetimeSeconds: seconds,
      tokenLifetimeSeconds: seconds,
    })
    .default({}),
  keyProvider: z.strictObject({ primaryKeyLifetimeSeconds: seconds }).default({}),
  kmip: z
    .strictObject({
      version: kmipVersion.exactOptional(),
      versions: z.array(kmipVersion).min(1).exactOptional(),
      ciphers: identifier,
      maxConnections: z.int().min(1).exactOptional(),
    })
    .refine(
      ({ version, versions }) => version === undefined || versions === undefined,
      'expected version or versions, not both',
    )
    .default({}),
  caCertificates: named,
  endorsementKeys: named,
  settings: z
    .strictObject({ requireEndorsementKeys: flag, requireCertificateValidation: flag })
    .exactOptional(),
  baseImages: z.array(z.string()).default([]),
  providers: z
    .array(
      z.strictObject({
        name: z.string(),
        primaryKeyId: z.string().exactOptional(),
        formerPrimaryKeyIds: z.array(z.string()).exactOptional(),
        primaryKeyMode: z.enum(['local', 'remote']).exactOptional(),
        allowTlsDelivery: flag,
        keyServer,
      }),
    )
    .default([]),
})

/** What the configuration file says; file names in it are relative to it. */
export interface ConfigurationDocument extends z.infer<typeof configurationSchema> {}
/** What it says of a provider's key servers. */
export type KeyServerDocument = ConfigurationDocument['providers'][number]['keyServer']
/** What it says of IMA. */
export type ImaDocument = NonNullable<ConfigurationDocument['attestation']['ima']>
