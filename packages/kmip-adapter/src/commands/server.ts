import { SecretBytes } from '@trusthold/core/bytes'
import { protocolError } from '../messages/index.js'
import {
  discoverVersions as discoverVersionsOperation,
  ping as pingOperation,
  type QueryFunction,
  type QueryResponse,
  query as queryOperation,
  queryRequest,
  rngRetrieve,
  rngSeed,
} from '../operations/index.js'
import { versionText } from '../protocol/index.js'
import { type Command, command } from './command.js'

const usualQuestions: readonly QueryFunction[] = ['QueryOperations', 'QueryObjects', 'QueryServerInformation']

/**
 * What the server says of itself.
 * @param functions what to ask; the operations, the object types and the vendor by default. What the version does not
 * have is not asked.
 */
export function query(functions: readonly QueryFunction[] = usualQuestions): Command<QueryResponse> {
  return command(
    queryOperation,
    null,
    (version) => queryRequest(functions, version),
    (answer) => answer,
  )
}

/** The versions that the server has, newest first as a rule; some may be unknown here. KMIP 1.1 and later. */
export function discoverVersions(): Command<readonly string[]> {
  return command(
    discoverVersionsOperation,
    null,
    () => ({}),
    ({ protocolVersion = [] }) => protocolVersion.map(versionText),
  )
}

/** Asks for nothing. KMIP 2.1. */
export function ping(): Command<void> {
  return command(
    pingOperation,
    null,
    () => ({}),
    () => undefined,
  )
}

/** Random bytes of the server's. */
export function randomBytes(length: number): Command<SecretBytes> {
  return command(
    rngRetrieve,
    null,
    () => ({ dataLength: length }),
    ({ data }) => {
      if (data.length === length) return data
      data.wipe()
      throw protocolError('RNGRetrieve', `expected ${length} bytes, found ${data.length}`)
    },
  )
}

/** Gives the server's random number generator more to work with; comes to how many bytes of it were used. */
export function seedRandom(seed: Uint8Array | SecretBytes): Command<number> {
  const data = seed instanceof SecretBytes ? seed : SecretBytes.from(seed)
  return command(
    rngSeed,
    null,
    () => ({ data }),
    ({ dataLength }) => dataLength,
  )
}
