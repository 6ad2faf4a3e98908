import type { SecretBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { GetResponse } from './operations/index.js'
import type { KeyBlock } from './protocol/index.js'
import type { Enumerated } from './ttlv/index.js'

/** A symmetric key as a server returns it. */
export interface ManagedKey {
  readonly id: string
  readonly algorithm: Enumerated<'CryptographicAlgorithm'> | undefined
  /** Length in bits, as the server says it; its material has that length. */
  readonly length: number
  /** The key's bytes; the caller wipes them. */
  readonly material: SecretBytes
}

function refuse(reason: string): TrustholdError<'KMIP_PROTOCOL'> {
  return new TrustholdError('KMIP_PROTOCOL', { operation: 'Get', reason })
}

/** The key's bytes in either of the two formats that symmetric keys come in. */
function materialOf({ keyFormatType, keyValue, keyWrappingData }: KeyBlock): SecretBytes {
  if (keyWrappingData !== undefined) throw refuse('the key came wrapped, which was not asked for')
  if (keyValue === undefined) throw refuse('the server keeps the key value to itself')
  if (!('keyMaterial' in keyValue)) throw refuse('the key value is wrapped, which was not asked for')
  const { keyMaterial } = keyValue
  if ('key' in keyMaterial && keyFormatType === 'TransparentSymmetricKey') {
    if (keyMaterial.key !== undefined) return keyMaterial.key
  } else if ('use' in keyMaterial && keyFormatType === 'Raw') {
    return keyMaterial
  }
  throw refuse(`the key's format ${keyFormatType} does not fit its material`)
}

/** What keeps an answer from being the key that was asked for; undefined when nothing does. */
function findFault(
  id: string,
  response: GetResponse,
  length: number,
  material: SecretBytes,
): string | undefined {
  if (response.uniqueIdentifier !== id) return 'the answer is about another object'
  const algorithm = response.symmetricKey?.keyBlock.cryptographicAlgorithm
  // DES keys are counted without their parity bits; every other length is that of the material.
  if (algorithm === 'DES' || algorithm === 'DES3' || length === material.length * 8) return undefined
  return `the material has ${material.length * 8} bits and not ${length}`
}

/**
 * The key in an answer to Get.
 * @throws KMIP_PROTOCOL when the answer is about another object, or is not a whole symmetric key in the clear
 */
export function toManagedKey(id: string, response: GetResponse): ManagedKey {
  const { objectType, symmetricKey } = response
  if (objectType !== 'SymmetricKey' || symmetricKey === undefined) {
    throw refuse(`expected a SymmetricKey, found a ${objectType}`)
  }
  const { keyBlock } = symmetricKey
  const material = materialOf(keyBlock)
  const length = keyBlock.cryptographicLength ?? material.length * 8
  const fault = findFault(id, response, length, material)
  if (fault === undefined) return { id, algorithm: keyBlock.cryptographicAlgorithm, length, material }
  material.wipe()
  throw refuse(fault)
}
