import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { CallOptions, Transport } from '../cluster/index.js'
import { type ManagedKey, toManagedKey } from '../managed-key.js'
import {
  activate,
  attributesOf,
  create,
  createRequest,
  destroy,
  get,
  getAttributes,
  locate,
  locateRequest,
  type Operation,
  type OperationName,
} from '../operations/index.js'
import { type Attribute, type AttributeSet, collectAttributes, plainName } from '../protocol/index.js'
import type { KmipVersion } from '../ttlv/index.js'

/** Time that is left of a call that takes several requests. */
export type TimeLeft = () => CallOptions

/** What the key server asks of a cluster, with answers that are what was asked for. All throw what it throws. */
export interface KeyRequests {
  /** Makes a symmetric key that is not active yet, and returns its id. */
  create(attributes: readonly Attribute[]): Promise<string>
  activate(id: string): Promise<void>
  destroy(id: string): Promise<void>
  get(id: string): Promise<ManagedKey>
  attributes(id: string): Promise<AttributeSet>
  /** Ids of the keys of that name in all servers that can be reached: some may not have heard of others' yet. */
  namesakes(name: string): Promise<readonly string[]>
  /** Carries out an operation on a key. */
  about<Q, R extends { readonly uniqueIdentifier: string }>(
    operation: Operation<Q, R>,
    id: string,
    request: (version: KmipVersion) => Q,
  ): Promise<R>
}

function protocolError(operation: OperationName, reason: string): TrustholdError<'KMIP_PROTOCOL'> {
  return new TrustholdError('KMIP_PROTOCOL', { operation, reason })
}

/** Servers are known to take an absent identifier for some other object, so that there always has to be one. */
function requireId(id: string): string {
  if (typeof id === 'string' && id !== '') return id
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'id', reason: 'expected the id of a key' })
}

/** Whether a server refused with KMIP_RESULT of this kind. */
export function isRefusal(error: unknown, kind: TrustholdError<'KMIP_RESULT'>['context']['kind']): boolean {
  return isTrustholdError(error, 'KMIP_RESULT') && error.context.kind === kind
}

/** The requests of one call. */
export function keyRequests(transport: Transport, timeLeft: TimeLeft): KeyRequests {
  const about: KeyRequests['about'] = async (operation, id, request) => {
    requireId(id)
    return await transport.perform(operation, request, timeLeft())
  }
  return {
    about,
    async create(attributes) {
      const request = (version: KmipVersion) => createRequest('SymmetricKey', attributes, version)
      const { objectType, uniqueIdentifier } = await transport.perform(create, request, timeLeft())
      if (objectType === 'SymmetricKey' && uniqueIdentifier !== '') return uniqueIdentifier
      throw protocolError('Create', `expected a SymmetricKey with an id, found a ${objectType}`)
    },
    async activate(id) {
      await about(activate, id, () => ({ uniqueIdentifier: id }))
    },
    async destroy(id) {
      await about(destroy, id, () => ({ uniqueIdentifier: id }))
    },
    async get(id) {
      requireId(id)
      return toManagedKey(id, await transport.perform(get, () => ({ uniqueIdentifier: id }), timeLeft()))
    },
    async attributes(id) {
      // All of them: PyKMIP does not answer at all when one is asked for that it does not know.
      const response = await about(getAttributes, id, () => ({ uniqueIdentifier: id }))
      return collectAttributes('GetAttributes', attributesOf(response))
    },
    async namesakes(name) {
      const filter: readonly Attribute[] = [{ name: 'Name', value: plainName(name) }]
      const request = (version: KmipVersion) => locateRequest(filter, {}, version)
      const answers = await transport.performEverywhere(locate, request, timeLeft())
      return [...new Set(answers.flatMap(({ uniqueIdentifier = [] }) => uniqueIdentifier))]
    },
  }
}
