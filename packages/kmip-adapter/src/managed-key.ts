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

/**
 * The key in an answer to Get.
 * @throws KMIP_PROTOCOL when the answer is about another object, or is not a whole symmetric key in the clear
 */
export function toManagedKey(id: string, response: GetResponse): ManagedKey {
  if (response.uniqueIdentifier !== id) throw refuse('the answer is about another object')
  const { objectType, symmetricKey } = response
  if (objectType !== 'SymmetricKey' || symmetricKey === undefined) {
    throw refuse(`expected a SymmetricKey, found a ${objectType}`)
  }
  const { keyBlock } = symmetricKey
  const material = materialOf(keyBlock)
  const length = keyBlock.cryptographicLength ?? material.length * 8
  // DES keys count their 56 bits without parity; every other length is that of the material.
  const isExact = keyBlock.cryptographicAlgorithm !== 'DES' && keyBlock.cryptographicAlgorithm !== 'DES3'
  if (isExact && length !== material.length * 8) {
    material.wipe()
    throw refuse(`the material has ${material.length * 8} bits and not ${length}`)
  }
  return { id, algorithm: keyBlock.cryptographicAlgorithm, length, material }
}
