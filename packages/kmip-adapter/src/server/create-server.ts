import { describeError, TrustholdError } from '@trusthold/core/errors'
import { type ConfigStore, systemClock, systemRandom } from '@trusthold/core/ports'
import type { TtlvReadOptions } from '../ttlv/index.js'
import { type AnswerContext, answerMessage, refuseMessage } from './exchange/answer-message.js'
import { Refusal } from './exchange/refusal.js'
import { createListener, type Listener, type ServerAddress } from './network/listener.js'
import { type ObjectStore, openObjects } from './objects/object-store.js'
import { createRecordCache } from './objects/sealed-records.js'
import { createSealer, type Sealer } from './objects/sealing.js'
import { servedOperations } from './operations/index.js'
import {
  copyKey,
  defaultServerLimits,
  type KmipServerLimits,
  type KmipServerOptions,
  type KmipServerTls,
  resolveServerLimits,
  resolveVersions,
  secureOptions,
} from './options.js'
import { ownerByPublicKey } from './owners.js'

/** A KMIP server. */
export interface KmipServer extends AsyncDisposable {
  /**
   * Starts to take connections.
   * @param address a free port of the loopback interface by default
   * @returns where it listens
   * @throws TRANSPORT_FAILED; CONFIGURATION_INVALID when the store was sealed with another key-encryption key
   */
  listen(address?: { readonly host?: string; readonly port?: number }): Promise<ServerAddress>
  /**
   * Uses other certificates for connections that come from now on.
   * @throws CONFIGURATION_INVALID, and goes on with those that it has
   */
  replaceTls(tls: KmipServerTls): void
  /** How many connections there are, those that still shake hands included. */
  readonly connections: number
  /**
   * Takes no more connections, lets running requests end, and closes. May be called again. The store stays open.
   * @param drainMilliseconds what running requests get; 5,000 by default
   */
  close(drainMilliseconds?: number): Promise<void>
}

const vendor = 'Trusthold embedded KMIP server'
const mostCachedRecords = 10_000
const checkText = new TextEncoder().encode('trusthold kmip server')

/** Makes sure that the store was sealed with this key, and says so in a new one. */
async function checkKey(store: ConfigStore, sealer: Sealer, prefix: string): Promise<void> {
  const place = `${prefix}key-check`
  const entry = await store.get(place)
  if (entry === undefined) {
    await store.put(place, sealer.seal(place, checkText), { ifRevision: 0n }).catch((error: unknown) => {
      if (!(error instanceof TrustholdError) || error.code !== 'STORE_CONFLICT') throw error
    })
    return entry ?? checkKey(store, sealer, prefix)
  }
  try {
    sealer.open(place, entry.value)
  } catch (error) {
    const reason = 'the store was sealed with another one'
    throw new TrustholdError('CONFIGURATION_INVALID', { name: 'keyEncryptionKey', reason }, { cause: error })
  }
}

const mostOwners = 1_000

/** Opens the objects of an owner once, and not for each message. */
function rememberOwners(open: (owner: string) => ObjectStore): (owner: string) => ObjectStore {
  const opened = new Map<string, ObjectStore>()
  return (owner) => {
    const known = opened.get(owner)
    if (known !== undefined) return known
    if (opened.size >= mostOwners) opened.clear()
    const objects = open(owner)
    opened.set(owner, objects)
    return objects
  }
}

/** Limits of the reader; those that it has anyway are left out, which reads faster. */
function readLimitsOf({ requestBytes, depth }: Required<KmipServerLimits>): TtlvReadOptions | undefined {
  const isUsual = requestBytes <= defaultServerLimits.requestBytes && depth === defaultServerLimits.depth
  return isUsual ? undefined : { maxBytes: requestBytes, maxDepth: depth }
}

function createAnswers(options: KmipServerOptions, sealer: Sealer, prefix: string): AnswerContext {
  const limits = resolveServerLimits(options.limits)
  const readLimits = readLimitsOf(limits)
  const cache = createRecordCache(mostCachedRecords)
  const served = servedOperations()
  const { store, exclusive = false } = options
  const objects = { store, sealer, prefix, cache, exclusive }
  return {
    runner: {
      served: new Map(served.map((each) => [each.operation.name, each])),
      middleware: options.middleware ?? [],
      limits: readLimits,
    },
    facts: {
      vendor,
      wrapsInStructure: options.wrappedKeyValue === 'structure',
      versions: resolveVersions(options.versions),
      operations: served.map(({ operation }) => operation),
    },
    limits: readLimits,
    mostItems: limits.batchItems,
    mostBatchBytes: limits.batchBytes,
    ownerOf: options.owner ?? ownerByPublicKey,
    authenticate: options.authenticate,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    openObjects: rememberOwners((owner) => openObjects(objects, owner)),
    onError: options.onError ?? (() => undefined),
  }
}

function createNetwork(options: KmipServerOptions, answers: AnswerContext): Listener {
  const limits = resolveServerLimits(options.limits)
  const lowest = answers.facts.versions.at(-1) ?? '1.0'
  return createListener({
    secure: secureOptions(options.tls),
    maxConnections: limits.connections,
    handshakeMilliseconds: limits.handshake,
    times: { idle: limits.idle, request: limits.request, stranger: limits.handshake },
    maxRequestBytes: limits.requestBytes,
    async answer(frame, client) {
      try {
        return await answerMessage(answers, frame, client)
      } catch (error) {
        answers.onError(error)
        throw error
      }
    },
    reject: (error) => refuseMessage(answers, lowest, new Refusal('InvalidMessage', describeError(error))),
    rejectClient: () =>
      refuseMessage(
        answers,
        lowest,
        new Refusal('AuthenticationNotSuccessful', 'a client certificate that is trusted here is needed'),
      ),
  })
}

/**
 * Makes a KMIP server for development, tests and demonstrations, and for small sites that know its limits: it speaks
 * KMIP 1.0 to 2.1 over TLS with client certificates, keeps objects in a store, sealed, and shows each client its own
 * ones only. It is no hardware security module: keys are in the memory of this process.
 * @throws CONFIGURATION_INVALID
 */
export function createKmipServer(options: KmipServerOptions): KmipServer {
  const prefix = options.prefix ?? 'kmip/'
  const sealer = createSealer(copyKey(options.keyEncryptionKey), options.random ?? systemRandom)
  const listener = createNetwork(options, createAnswers(options, sealer, prefix))
  const close = (drainMilliseconds = 5_000): Promise<void> => listener.close(drainMilliseconds)
  return {
    async listen({ host = '127.0.0.1', port = 0 } = {}) {
      await checkKey(options.store, sealer, prefix)
      return listener.listen({ host, port })
    },
    replaceTls: (tls) => listener.secure(secureOptions(tls)),
    get connections() {
      return listener.connections
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
