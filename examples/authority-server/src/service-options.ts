import { kmip } from '@trusthold/kmip-adapter'
import type { Configuration } from './read-configuration.js'
import { readImaPolicy } from './read-ima-policy.js'
import type { ServiceOptions } from './server.js'

/** What the configuration says of the services, with the files that it names. @throws Error that names file and place */
export async function readServiceOptions(configuration: Configuration): Promise<ServiceOptions> {
  const { attestation, keyProvider, kmip: keyServers } = configuration.document
  const { ima, ...others } = attestation
  return {
    ...others,
    ...keyProvider,
    keyServer: kmip(keyServers),
    ...(ima === undefined ? {} : { ima: await readImaPolicy(ima, configuration) }),
  }
}
