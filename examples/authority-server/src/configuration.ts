import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Authority } from '@trusthold/core/authority'
import { isTrustholdError } from '@trusthold/core/errors'
import { decodeBaseImage } from '@trusthold/core/policy'
import { z } from 'zod'
import { type ClientCredentialFiles, readClientCredentials } from './client-credentials.js'

interface CredentialMembers {
  readonly clientCertificate?: string
  readonly clientPrivateKey?: string
  readonly clientPkcs12?: string
  readonly clientPkcs12Password?: string
}

/** Takes the files of the client's certificate and key apart from the rest: two of PEM, or PKCS#12 and password. */
function splitCredentials<T extends CredentialMembers>(keyServer: T, context: z.RefinementCtx) {
  const { clientCertificate, clientPrivateKey, clientPkcs12, clientPkcs12Password, ...connection } = keyServer
  const pem = { clientCertificate, clientPrivateKey }
  const pkcs12 = { clientPkcs12, clientPkcs12Password }
  const [given, absent] = clientPkcs12 === undefined ? [pem, pkcs12] : [pkcs12, pem]
  const isOne =
    Object.values(given).every((file) => file !== undefined) &&
    Object.values(absent).every((file) => file === undefined)
  if (isOne) return { connection, credentials: given as ClientCredentialFiles }
  const message = 'expected clientCertificate and clientPrivateKey, or clientPkcs12 and clientPkcs12Password'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}

const configurationSchema = z.strictObject({
  caCertificates: z.array(z.strictObject({ name: z.string(), file: z.string() })).default([]),
  endorsementKeys: z.array(z.strictObject({ name: z.string(), file: z.string() })).default([]),
  settings: z
    .strictObject({
      requireEndorsementKeys: z.boolean().exactOptional(),
      requireCertificateValidation: z.boolean().exactOptional(),
    })
    .exactOptional(),
  baseImages: z.array(z.string()).default([]),
  providers: z
    .array(
      z.strictObject({
        name: z.string(),
        primaryKeyId: z.string().exactOptional(),
        formerPrimaryKeyIds: z.array(z.string()).exactOptional(),
        allowTlsDelivery: z.boolean().exactOptional(),
        keyServer: z
          .strictObject({
            servers: z.array(
              z.strictObject({ name: z.string(), host: z.string(), port: z.int().exactOptional() }),
            ),
            clientCertificate: z.string().exactOptional(),
            clientPrivateKey: z.string().exactOptional(),
            clientPkcs12: z.string().exactOptional(),
            clientPkcs12Password: z.string().exactOptional(),
            trustedCertificates: z.array(z.string()),
            timeoutSeconds: z.int().exactOptional(),
          })
          .transform(splitCredentials),
      }),
    )
    .default([]),
})

/** What the configuration file says; file names in it are relative to it. */
export type Configuration = z.infer<typeof configurationSchema>

/**
 * Carries over into the authority's own store what the file names and the store lacks. What the store has already stays
 * as it is: the store is the truth, the file only a way in. Settings are the exception, which are set at every start.
 * @returns one line for each thing that was added
 * @throws Error that names the file and the place
 */
export async function applyConfiguration(authority: Authority, file: string): Promise<string[]> {
  const configuration = await readConfiguration(file)
  const read = (name: string): Promise<Buffer> => readFile(resolve(dirname(file), name))
  const { attestation, keyProvider } = authority
  const added: string[] = []
  const add = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    if (await unlessThere(work)) added.push(what)
  }
  for (const { name, file: certificates } of configuration.caCertificates) {
    await add(`CA certificate ${name}`, async () =>
      attestation.caCertificates.create(name, await read(certificates)),
    )
  }
  for (const { name, file: key } of configuration.endorsementKeys) {
    await add(`endorsement key ${name}`, async () =>
      attestation.endorsementKeys.create(name, { pem: (await read(key)).toString('utf8') }),
    )
  }
  const { settings } = configuration
  if (settings !== undefined && differs(settings, attestation.settings.get())) {
    await attestation.settings.update(settings)
    added.push('endorsement settings')
  }
  for (const image of configuration.baseImages) {
    await add(`base image ${image}`, async () =>
      attestation.baseImages.create(decodeBaseImage(trimEnd(await read(image)))),
    )
  }
  for (const { keyServer, ...provider } of configuration.providers) {
    const text = async (name: string): Promise<string> => (await read(name)).toString('utf8')
    if (keyProvider.providers.has(provider.name)) continue
    await add(`trusted key provider ${provider.name}`, async () =>
      keyProvider.providers.create({
        ...provider,
        keyServer: {
          ...keyServer.connection,
          ...(await readClientCredentials(keyServer.credentials, read)),
          trustedCertificates: await Promise.all(keyServer.connection.trustedCertificates.map(text)),
        },
      }),
    )
  }
  return added
}

async function readConfiguration(file: string): Promise<Configuration> {
  let document: unknown
  try {
    document = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  const parsed = configurationSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Error(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a configuration'}`)
}

async function unlessThere(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (isTrustholdError(error, 'ALREADY_EXISTS')) return false
    throw error
  }
}

/** A base image has one spelling only; the line end that a file has after it is not part of it. */
const trimEnd = (bytes: Buffer): Uint8Array => Buffer.from(bytes.toString('utf8').trimEnd())

function differs(wanted: object, found: object): boolean {
  const current = Object.entries(found)
  return Object.entries(wanted).some(([name, value]) => !current.some(([n, v]) => n === name && v === value))
}
