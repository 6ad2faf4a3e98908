import type { SecretBytes } from '@trusthold/core/bytes'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type {
  KeyServer,
  KeyServerCallOptions,
  KeyServerConfig,
  KeyServerFactory,
  PrimaryKeyInfo,
} from '@trusthold/core/ports'
import { KmipClient } from './client.js'
import type { KmipClientOptions } from './client-options.js'
import type { CallOptions } from './cluster/index.js'
import type { AttributeSet, UsageBit } from './protocol/index.js'
import type { Enumerated } from './ttlv/index.js'

/** Options of {@link kmip}, for all key servers that it makes; see {@link KmipClientOptions}. */
export interface KmipKeyServerOptions
  extends Pick<KmipClientOptions, 'version' | 'versions' | 'maxConnections' | 'maxResponseBytes'> {
  /** OpenSSL's list of cipher suites for TLS 1.2; Node's by default. */
  readonly ciphers?: string
  /** Milliseconds to connect to one server and until an idle connection is closed; 5,000 and 25,000 by default. */
  readonly timeouts?: { readonly connect?: number; readonly idle?: number }
}

const states: Readonly<Record<Exclude<Enumerated<'State'>, number>, PrimaryKeyInfo['state']>> = {
  PreActive: 'pre-active',
  Active: 'active',
  Deactivated: 'deactivated',
  Compromised: 'compromised',
  Destroyed: 'destroyed',
  DestroyedCompromised: 'destroyed-compromised',
}

const primaryKey: { algorithm: 'AES'; length: number; usage: readonly UsageBit[] } = {
  algorithm: 'AES',
  length: 256,
  usage: ['Encrypt', 'Decrypt', 'WrapKey', 'UnwrapKey'],
}

/** Time that is left of a call that takes several requests. */
type TimeLeft = () => CallOptions

function toInfo(id: string, attributes: AttributeSet): PrimaryKeyInfo {
  const { state, cryptographicAlgorithm: algorithm, cryptographicLength: length } = attributes
  if (typeof state !== 'string' || algorithm === undefined || length === undefined) {
    const reason = 'the answer lacks the State, the Cryptographic Algorithm or the Cryptographic Length'
    throw new TrustholdError('KMIP_PROTOCOL', { operation: 'GetAttributes', reason })
  }
  return { id, state: states[state], algorithm: String(algorithm), length }
}

async function describeKey(client: KmipClient, id: string, call: CallOptions): Promise<PrimaryKeyInfo> {
  const names = ['State', 'CryptographicAlgorithm', 'CryptographicLength'] as const
  return toInfo(id, await client.getAttributes(id, names, call))
}

function nameTaken(name: string): TrustholdError<'ALREADY_EXISTS'> {
  return new TrustholdError('ALREADY_EXISTS', { kind: 'primary key', name })
}

/** Whether a server that keeps names unique by itself says so. */
function saysNameTaken(error: unknown): boolean {
  return (
    isTrustholdError(error, 'KMIP_RESULT') &&
    (error.context.reason === 'ObjectAlreadyExists' || error.context.reason === 'NonUniqueNameAttribute')
  )
}

async function makeKey(client: KmipClient, name: string, timeLeft: TimeLeft): Promise<string> {
  try {
    return await client.create({ ...primaryKey, name }, timeLeft())
  } catch (error) {
    throw saysNameTaken(error) ? nameTaken(name) : error
  }
}

/** Readies a key that was just made, and makes sure that nobody else took its name in the meantime. */
async function readyKey(client: KmipClient, id: string, name: string, timeLeft: TimeLeft) {
  const holders = await client.locate({ name }, timeLeft())
  if (holders.some((holder) => holder !== id)) throw nameTaken(name)
  await client.activate(id, timeLeft())
  const info = await describeKey(client, id, timeLeft())
  if (
    info.state === 'active' &&
    info.algorithm === primaryKey.algorithm &&
    info.length === primaryKey.length
  ) {
    return info
  }
  const reason = `the new key is ${info.state}, ${info.algorithm}, ${info.length} bits`
  throw new TrustholdError('KMIP_PROTOCOL', { operation: 'Activate', reason })
}

async function createPrimaryKey(
  client: KmipClient,
  name: string,
  timeLeft: TimeLeft,
): Promise<PrimaryKeyInfo> {
  if (name === '') throw new TrustholdError('ARGUMENT_INVALID', { name: 'name', reason: 'it is empty' })
  // Servers let two keys have one name, so that it has to be looked for before, and once more after.
  if ((await client.locate({ name }, timeLeft())).length > 0) throw nameTaken(name)
  const id = await makeKey(client, name, timeLeft)
  try {
    return await readyKey(client, id, name, timeLeft)
  } catch (error) {
    // A key that nobody uses yet must not keep its name from the next attempt. If this fails too, it does.
    await client.destroy(id, timeLeft()).catch(() => undefined)
    throw error
  }
}

function toClientOptions(config: KeyServerConfig, options: KmipKeyServerOptions): KmipClientOptions {
  const { ciphers, timeouts, ...others } = options
  const { servers, clientCertificate, clientPrivateKey, trustedCertificates } = config
  return {
    ...others,
    servers,
    tls: {
      clientCertificate,
      clientPrivateKey,
      trustedCertificates,
      ...(ciphers === undefined ? {} : { ciphers }),
    },
    timeouts: { ...timeouts, call: callMilliseconds(config) },
  }
}

function callMilliseconds({ timeoutSeconds = 30 }: KeyServerConfig): number {
  return Math.ceil(timeoutSeconds * 1_000)
}

/** Lends each request of a call what is left of the call's time; at least a millisecond, for a proper time-out. */
function startTime(milliseconds: number, { signal }: KeyServerCallOptions): TimeLeft {
  const end = performance.now() + milliseconds
  return () => ({ signal, milliseconds: Math.max(1, Math.ceil(end - performance.now())) })
}

/**
 * Key servers that speak KMIP, for `createAuthority`. The version is negotiated; connections are made on first use,
 * with mutual TLS.
 *
 * `create` looks for the name before it makes the key and once more afterwards: of concurrent calls with one name at
 * most one succeeds. `check` makes a search, for which servers ask for credentials; the right to search is needed for
 * it and for `create`.
 * @returns a factory that throws CONFIGURATION_INVALID for a configuration that cannot work
 */
export function kmip(options: KmipKeyServerOptions = {}): KeyServerFactory {
  return (config): KeyServer => {
    const client = KmipClient.lazy(toClientOptions(config, options))
    const start = (call: KeyServerCallOptions = {}): TimeLeft => startTime(callMilliseconds(config), call)
    return {
      describe: (id, call) => describeKey(client, id, start(call)()),
      get: async (id, call): Promise<SecretBytes> => (await client.get(id, start(call)())).material,
      create: (name, call) => createPrimaryKey(client, name, start(call)),
      async check(call) {
        await client.locate({ objectType: 'SymmetricKey', maximumItems: 1 }, start(call)())
      },
      close: () => client.close(),
    }
  }
}
