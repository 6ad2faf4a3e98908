import { TrustholdError } from '@trusthold/core/errors'
import type { PrimaryKeyInfo, PrimaryKeyUsage } from '@trusthold/core/ports'
import { type AttributeSet, allowsUsage, type UsageBit } from '../protocol/index.js'
import type { Enumerated } from '../ttlv/index.js'
import type { KeyRequests } from './key-requests.js'

const states: Readonly<Record<Exclude<Enumerated<'State'>, number>, PrimaryKeyInfo['state']>> = {
  PreActive: 'pre-active',
  Active: 'active',
  Deactivated: 'deactivated',
  Compromised: 'compromised',
  Destroyed: 'destroyed',
  DestroyedCompromised: 'destroyed-compromised',
}

/** The uses of a primary key, by the port's names. */
export const usageBits: Readonly<Record<PrimaryKeyUsage, UsageBit>> = {
  encrypt: 'Encrypt',
  decrypt: 'Decrypt',
  'wrap-key': 'WrapKey',
  'unwrap-key': 'UnwrapKey',
}

function usageOf(mask: number): readonly PrimaryKeyUsage[] {
  return (Object.keys(usageBits) as PrimaryKeyUsage[]).filter((use) => allowsUsage(mask, usageBits[use]))
}

/** Whether the bytes may leave: neither without wrapping nor at all are ways that count. KMIP 1.4, sections 3.46, 3.48. */
function extractableOf({ sensitive, extractable }: AttributeSet): { extractable?: boolean } {
  if (sensitive === undefined && extractable === undefined) return {}
  return { extractable: extractable !== false && sensitive !== true }
}

/** The key that replaces this one. KMIP 1.4, section 3.35. */
function replacementOf({ link = [] }: AttributeSet): { replacedBy?: string } {
  const ids = link
    .filter(({ linkType }) => linkType === 'ReplacementObjectLink')
    .map(({ linkedObjectIdentifier }) => linkedObjectIdentifier)
  const [id] = ids
  if (id === undefined) return {}
  if (ids.length === 1 && typeof id === 'string' && id !== '') return { replacedBy: id }
  const reason = 'expected one Replacement Object Link with the id of a key'
  throw new TrustholdError('KMIP_PROTOCOL', { operation: 'GetAttributes', reason })
}

function toInfo(id: string, attributes: AttributeSet): PrimaryKeyInfo {
  const { state, objectType, cryptographicAlgorithm: algorithm, cryptographicLength: length } = attributes
  if (objectType !== undefined && objectType !== 'SymmetricKey') {
    const reason = `expected a SymmetricKey, found a ${objectType}`
    throw new TrustholdError('KMIP_PROTOCOL', { operation: 'GetAttributes', reason })
  }
  if (typeof state !== 'string' || algorithm === undefined || length === undefined) {
    const reason = 'the answer lacks the State, the Cryptographic Algorithm or the Cryptographic Length'
    throw new TrustholdError('KMIP_PROTOCOL', { operation: 'GetAttributes', reason })
  }
  return {
    id,
    state: states[state],
    algorithm: String(algorithm),
    length,
    usage: usageOf(attributes.cryptographicUsageMask ?? 0),
    ...extractableOf(attributes),
    ...replacementOf(attributes),
  }
}

/**
 * What the servers say of a key.
 * @throws KMIP_PROTOCOL when they leave out what has to be known
 */
export async function describeKey(requests: KeyRequests, id: string): Promise<PrimaryKeyInfo> {
  return toInfo(id, await requests.attributes(id))
}
