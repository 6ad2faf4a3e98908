import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { SecretBytes } from '@trusthold/core/bytes'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import type { Clock, ConfigStore, RandomSource } from '@trusthold/core/ports'
import { isKmipVersion, type KmipVersion, kmipVersions } from '../ttlv/index.js'
import type { Authenticate } from './exchange/answer-message.js'
import type { Middleware } from './exchange/middleware.js'
import type { OwnerOf } from './owners.js'

/** How the server and its clients prove who they are. PEM texts. */
export interface KmipServerTls {
  /** The server's certificate, with intermediates if any. */
  readonly certificate: string
  /** Its private key, PKCS#8. */
  readonly privateKey: string
  /**
   * Certificates that a client's certificate must chain to, or be: authorities, and clients that signed their own. A
   * client without one is refused while it connects.
   */
  readonly clientCertificates: readonly string[]
  /** OpenSSL's list of cipher suites for TLS 1.2; Node's by default. */
  readonly ciphers?: string
}

/** What a client may take of the server. Times in milliseconds, sizes in bytes. */
export interface KmipServerLimits {
  /** Connections at a time; 256 by default. More are closed at once. */
  readonly connections?: number
  /** Longest request; 1 MiB by default. */
  readonly requestBytes?: number
  /** Items in a batch; 100 by default. */
  readonly batchItems?: number
  /** Longest answer to a batch; 8 MiB by default. Items that no longer fit are refused as Response Too Large. */
  readonly batchBytes?: number
  /** Deepest nesting of structures in a request; 32 by default. */
  readonly depth?: number
  /** Time for the TLS handshake; 10,000 by default. */
  readonly handshake?: number
  /** Time between two requests; 300,000 by default. */
  readonly idle?: number
  /** Time from the first byte of a request until its answer is out; 30,000 by default. */
  readonly request?: number
}

/** Options of {@link createKmipServer}. */
export interface KmipServerOptions {
  readonly tls: KmipServerTls
  /** Where objects are kept. Several servers may share one; the caller closes it. */
  readonly store: ConfigStore
  /**
   * Promises that no other server writes to these objects: those that were used lately are then served without asking
   * the store, which is several times faster. With a promise that is not kept, clients may be given keys that another
   * server has destroyed. False by default.
   */
  readonly exclusive?: boolean
  /**
   * 32 bytes under which everything in the store is sealed. Whoever has it and the store has every key; without it
   * all keys are lost. A copy is taken.
   */
  readonly keyEncryptionKey: SecretBytes | Uint8Array
  /** Starts the keys of the store; `kmip/` by default. */
  readonly prefix?: string
  /** Versions that are spoken; all from 1.0 to 2.1 by default. */
  readonly versions?: readonly KmipVersion[]
  /** Whose objects a client sees; by the client's public key by default. */
  readonly owner?: OwnerOf
  /** Checks the credentials of each request besides the client's certificate; they are not looked at by default. */
  readonly authenticate?: Authenticate
  /** Functions around every operation, the first outermost. */
  readonly middleware?: readonly Middleware[]
  readonly limits?: KmipServerLimits
  /**
   * How a wrapped key is answered: as the bytes that the standard has, by default, or in a Key Value structure, which
   * is the only form that PyKMIP's client reads.
   */
  readonly wrappedKeyValue?: 'bytes' | 'structure'
  /** The machine's by default. */
  readonly clock?: Clock
  /** The operating system's by default. */
  readonly random?: RandomSource
  /** Told of failures that are the server's own, such as those of the store. Clients are told nothing of them. */
  readonly onError?: (error: unknown) => void
}

function invalid(name: string, reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name, reason })
}

/** The limits when none are given. */
export const defaultServerLimits: Required<KmipServerLimits> = {
  connections: 256,
  requestBytes: 1 << 20,
  batchItems: 100,
  batchBytes: 8 << 20,
  depth: 32,
  handshake: 10_000,
  idle: 300_000,
  request: 30_000,
}

const highestLimits: Required<KmipServerLimits> = {
  connections: 65_535,
  requestBytes: 2 ** 30,
  batchItems: 10_000,
  batchBytes: 2 ** 30,
  depth: 256,
  handshake: 2 ** 31 - 1,
  idle: 2 ** 31 - 1,
  request: 2 ** 31 - 1,
}

/** Adds the defaults. @throws CONFIGURATION_INVALID */
export function resolveServerLimits(given: KmipServerLimits = {}): Required<KmipServerLimits> {
  const limits = { ...defaultServerLimits, ...given }
  for (const name of Object.keys(defaultServerLimits) as (keyof KmipServerLimits)[]) {
    const value = limits[name]
    const highest = highestLimits[name]
    if (!Number.isInteger(value) || value < 1 || value > highest) {
      throw invalid(`limits.${name}`, `expected a whole number of 1 to ${highest}, found ${value}`)
    }
  }
  return limits
}

/** The versions, newest first. @throws CONFIGURATION_INVALID */
export function resolveVersions(given: readonly KmipVersion[] = kmipVersions): readonly KmipVersion[] {
  const unknown = given.find((version) => !isKmipVersion(version))
  if (given.length === 0 || unknown !== undefined) {
    throw invalid('versions', `expected versions from 1.0 to 2.1, found ${unknown ?? 'none'}`)
  }
  return [...kmipVersions].reverse().filter((version) => given.includes(version))
}

/** The key-encryption key as a copy of our own. */
export function copyKey(key: SecretBytes | Uint8Array): SecretBytes {
  return key instanceof SecretBytes ? SecretBytes.take(key.copy()) : SecretBytes.from(key)
}

/** What TLS needs to know. @throws CONFIGURATION_INVALID when it cannot work */
export function secureOptions(tls: KmipServerTls): SecureContextOptions {
  if (tls.clientCertificates.length === 0) {
    throw invalid('tls.clientCertificates', 'without one, no client could connect')
  }
  for (const certificate of [tls.certificate, ...tls.clientCertificates]) {
    try {
      new X509Certificate(certificate)
    } catch {
      throw invalid('tls', 'expected certificates in PEM')
    }
  }
  const options: SecureContextOptions = {
    cert: tls.certificate,
    key: tls.privateKey,
    ca: [...tls.clientCertificates],
    minVersion: 'TLSv1.2',
    // A trusted certificate may be an intermediate one, or a client's own.
    allowPartialTrustChain: true,
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw invalid('tls', describeError(error))
  }
  return options
}
