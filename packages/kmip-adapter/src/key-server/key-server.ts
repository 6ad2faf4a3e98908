import { SecretBytes, utf8 } from '@trusthold/core/bytes'
import {
  type KeyServer,
  type KeyServerCallOptions,
  type KeyServerConfig,
  type KeyServerCredential,
  type KeyServerFactory,
  type RandomSource,
  systemRandom,
} from '@trusthold/core/ports'
import { type KmipClientOptions, openTransport } from '../client-options.js'
import { type Credential, deviceCredential, userCredential } from '../protocol/index.js'
import { askAbilities, judgeAbilities } from './abilities.js'
import { createPrimaryKey } from './create-primary-key.js'
import { type KeyRequests, keyRequests, type TimeLeft } from './key-requests.js'
import { judgeHealth } from './node-health.js'
import { describeKey } from './primary-key-info.js'
import { seal, unseal } from './seal.js'

/** Options of {@link kmip}, for all key servers that it makes; see {@link KmipClientOptions}. */
export interface KmipKeyServerOptions
  extends Pick<
    KmipClientOptions,
    'version' | 'versions' | 'maxConnections' | 'maxResponseBytes' | 'clock' | 'random'
  > {
  /** OpenSSL's list of cipher suites for TLS 1.2; Node's by default. */
  readonly ciphers?: string
  /** In milliseconds, as {@link KmipClientOptions} has them; the time of a call is the configuration's. */
  readonly timeouts?: Omit<NonNullable<KmipClientOptions['timeouts']>, 'call'>
}

function toClientOptions(config: KeyServerConfig, options: KmipKeyServerOptions): KmipClientOptions {
  const { ciphers, timeouts, ...others } = options
  const { servers, proxy, credential, timeoutSeconds: _, ...tls } = config
  return {
    ...others,
    servers,
    ...(credential === undefined ? {} : { credentials: [toCredential(credential)] }),
    ...(proxy === undefined ? {} : { proxy }),
    tls: { ...tls, ...(ciphers === undefined ? {} : { ciphers }) },
    timeouts: { ...timeouts, call: callMilliseconds(config) },
  }
}

function toCredential(credential: KeyServerCredential): Credential {
  if ('username' in credential) return userCredential(credential.username, credential.password)
  const { device, password } = credential
  const secret = password === undefined ? {} : { password: SecretBytes.take(utf8(password)) }
  return deviceCredential({ ...device, ...secret })
}

function callMilliseconds({ timeoutSeconds = 30 }: KeyServerConfig): number {
  return Math.ceil(timeoutSeconds * 1_000)
}

/** Lends each request of a call what is left of the call's time; at least a millisecond, for a proper time-out. */
function startTime(milliseconds: number, { signal }: KeyServerCallOptions): TimeLeft {
  const end = performance.now() + milliseconds
  return () => ({ signal, milliseconds: Math.max(1, Math.ceil(end - performance.now())) })
}

function openKeyServer(config: KeyServerConfig, clientOptions: KmipClientOptions): KeyServer {
  const transport = openTransport(clientOptions)
  const random: RandomSource = clientOptions.random ?? systemRandom
  const start = (call: KeyServerCallOptions = {}): TimeLeft => startTime(callMilliseconds(config), call)
  const ask = (call?: KeyServerCallOptions): KeyRequests => keyRequests(transport, start(call))
  return {
    describe: (id, call) => describeKey(ask(call), id),
    async abilities(id, call) {
      const timeLeft = start(call)
      const info = await describeKey(keyRequests(transport, timeLeft), id)
      return judgeAbilities(await askAbilities(transport, timeLeft()), info)
    },
    get: async (id, call): Promise<SecretBytes> => (await ask(call).get(id)).material,
    encrypt: (id, plaintext, data, call) => seal(ask(call), id, plaintext, data, random),
    decrypt: (id, sealed, data, call) => unseal(ask(call), id, sealed, data),
    create: (name, call) => createPrimaryKey(ask(call), name),
    async health(call) {
      const found = await transport.health(start(call)())
      return found.map((one, i) => judgeHealth(config.servers[i]?.name ?? one.endpoint, one))
    },
    async close() {
      transport.close()
    },
  }
}

/**
 * Key servers that speak KMIP, for `createAuthority`. The version is negotiated; connections are made on first use,
 * with mutual TLS.
 *
 * `create` looks for the name before it makes the key and once more afterwards: of concurrent calls with one name at
 * most one succeeds. `create` and `health` search, for which servers ask for credentials; the right to search is needed
 * for `create`.
 * @returns a factory that throws CONFIGURATION_INVALID for a configuration that cannot work
 */
export function kmip(options: KmipKeyServerOptions = {}): KeyServerFactory {
  return (config) => openKeyServer(config, toClientOptions(config, options))
}
