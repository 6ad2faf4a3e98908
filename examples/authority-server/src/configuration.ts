import type { Authority } from '@trusthold/core/authority'
import { isTrustholdError } from '@trusthold/core/errors'
import { decodeBaseImage } from '@trusthold/core/policy'
import type { Configuration } from './read-configuration.js'
import { readKeyServer } from './read-key-server.js'

/**
 * Carries over into the authority's own store what the file names and the store lacks. What the store has already stays
 * as it is: the store is the truth, the file only a way in. Settings are the exception, which are set at every start.
 * @returns one line for each thing that was added
 * @throws Error that names the file and the place
 */
export async function applyConfiguration(
  { attestation, keyProvider }: Authority,
  { document, read, at }: Configuration,
): Promise<string[]> {
  const added: string[] = []
  const add = async (place: string, what: string, work: () => Promise<unknown>): Promise<void> => {
    if (await at(place, () => unlessThere(work))) added.push(what)
  }
  for (const [i, { name, file }] of document.caCertificates.entries()) {
    await add(`caCertificates.${i}`, `CA certificate ${name}`, async () =>
      attestation.caCertificates.create(name, await read(file)),
    )
  }
  for (const [i, { name, file }] of document.endorsementKeys.entries()) {
    await add(`endorsementKeys.${i}`, `endorsement key ${name}`, async () =>
      attestation.endorsementKeys.create(name, { pem: (await read(file)).toString('utf8') }),
    )
  }
  const { settings } = document
  if (settings !== undefined && differs(settings, attestation.settings.get())) {
    await at('settings', () => attestation.settings.update(settings))
    added.push('endorsement settings')
  }
  for (const [i, image] of document.baseImages.entries()) {
    await add(`baseImages.${i}`, `base image ${image}`, async () =>
      attestation.baseImages.create(decodeBaseImage(trimEnd(await read(image)))),
    )
  }
  for (const [i, { keyServer, ...provider }] of document.providers.entries()) {
    if (keyProvider.providers.has(provider.name)) continue
    await add(`providers.${i}`, `trusted key provider ${provider.name}`, async () =>
      keyProvider.providers.create({ ...provider, keyServer: await readKeyServer(keyServer, read) }),
    )
  }
  return added
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
