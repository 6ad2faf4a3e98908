import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { PrimaryKeyInfo, PrimaryKeyUsage } from '@trusthold/core/ports'
import { isOutcomeUnknown } from '../cluster/index.js'
import { type Attribute, plainName, usageMask } from '../protocol/index.js'
import { isRefusal, type KeyRequests } from './key-requests.js'
import { describeKey, usageBits } from './primary-key-info.js'

/** A key that is not active yet. */
interface MadeKey {
  readonly id: string
  /** False when it was found by its name after nobody knew whether it was made: it may be another caller's. */
  readonly certain: boolean
}

/** How often something is tried whose end stays unknown. */
const attempts = 3

function primaryKeyAttributes(name: string): readonly Attribute[] {
  return [
    { name: 'CryptographicAlgorithm', value: 'AES' },
    { name: 'CryptographicLength', value: 256 },
    { name: 'CryptographicUsageMask', value: usageMask(Object.values(usageBits)) },
    { name: 'Name', value: plainName(name) },
  ]
}

/** Whether a key is such as they are made here. */
function isAsMade({ algorithm, length, usage }: PrimaryKeyInfo): boolean {
  const uses = Object.keys(usageBits) as PrimaryKeyUsage[]
  return algorithm === 'AES' && length === 256 && uses.every((use) => usage.includes(use))
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

/** Whether it is not known if a request was carried out, and the call goes on. */
function isOpenQuestion(error: unknown): boolean {
  const over = isTrustholdError(error, 'TRANSPORT_ABORTED') || isTrustholdError(error, 'TRANSPORT_CLOSED')
  return !over && isOutcomeUnknown(error)
}

/**
 * Makes the key. When nobody knows whether it was made, its name, which no key had before, tells. A request that got no
 * answer in time is not sent again: it may still be carried out.
 */
async function makeKey(requests: KeyRequests, name: string, left: number): Promise<MadeKey> {
  try {
    return { id: await requests.create(primaryKeyAttributes(name)), certain: true }
  } catch (error) {
    if (saysNameTaken(error)) throw nameTaken(name)
    if (!isOpenQuestion(error)) throw error
    // Should others be found with it, the name is taken, which shows once more before the key is readied.
    const [found] = await requests.namesakes(name)
    if (found !== undefined) {
      if (!isAsMade(await describeKey(requests, found))) throw nameTaken(name)
      return { id: found, certain: false }
    }
    if (left <= 1 || isTrustholdError(error, 'TRANSPORT_TIMEOUT')) throw error
  }
  return await makeKey(requests, name, left - 1)
}

/**
 * Activates the key. A server activates a key once: of two callers that took the same key for theirs, one is refused.
 */
async function activateKey(requests: KeyRequests, key: MadeKey, name: string, left: number): Promise<void> {
  try {
    await requests.activate(key.id)
    return
  } catch (error) {
    const refused = isRefusal(error, 'state')
    if (!key.certain) throw refused ? nameTaken(name) : error
    if (!refused && !isOpenQuestion(error)) throw error
    const { state } = await describeKey(requests, key.id)
    if (state === 'active') return
    if (refused || state !== 'pre-active' || left <= 1) throw error
  }
  await activateKey(requests, key, name, left - 1)
}

/** Makes sure that nobody else took the name in the meantime, and readies the key. */
async function readyKey(requests: KeyRequests, key: MadeKey, name: string): Promise<PrimaryKeyInfo> {
  const holders = await requests.namesakes(name)
  if (holders.some((holder) => holder !== key.id)) throw nameTaken(name)
  await activateKey(requests, key, name, attempts)
  const info = await describeKey(requests, key.id)
  if (info.state === 'active' && isAsMade(info)) return info
  const uses = info.usage.join(', ') || 'nothing'
  const reason = `the new key is ${info.state}, ${info.algorithm}, ${info.length} bits, for ${uses}`
  throw new TrustholdError('KMIP_PROTOCOL', { operation: 'Activate', reason })
}

/**
 * Makes and activates a primary key of a name that no key has yet. Servers let two keys have one name, so that it is
 * looked for before, and once more after: of concurrent calls at most one succeeds.
 * @throws ALREADY_EXISTS, ARGUMENT_INVALID, and what the requests throw
 */
export async function createPrimaryKey(requests: KeyRequests, name: string): Promise<PrimaryKeyInfo> {
  if (name === '') throw new TrustholdError('ARGUMENT_INVALID', { name: 'name', reason: 'it is empty' })
  if ((await requests.namesakes(name)).length > 0) throw nameTaken(name)
  const key = await makeKey(requests, name, attempts)
  try {
    return await readyKey(requests, key, name)
  } catch (error) {
    // A key that nobody uses yet must not keep its name from the next attempt. If this fails too, it does. One that
    // may be another caller's stays.
    if (key.certain) await requests.destroy(key.id).catch(() => undefined)
    throw error
  }
}
