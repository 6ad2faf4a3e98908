import { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashFacts } from '../algorithms.js'
import { objectAttributes } from '../object-attributes.js'
import { type Random, systemRandom } from '../protection/random.js'
import type { ImportableObject } from './importable-object.js'
import { computeUnique } from './sensitive-match.js'

/** What every TPM can seal (MAX_SYM_DATA), in bytes. */
const mostData = 128

/** What {@link sealedObject} takes. */
export interface SealedObjectOptions {
  /** One to 128 bytes. */
  readonly data: Uint8Array
  /** Algorithm of the object's name and of its policy; SHA-256 by default. */
  readonly nameAlg?: HashAlgorithm
  /** Policy under which the data may be unsealed; see `computePolicyDigest`. The password alone when left out. */
  readonly authPolicy?: Uint8Array
  /** Password; empty by default. With a policy it counts only where the policy asks for it. */
  readonly authValue?: Uint8Array
  /** Source of the seed that hides the data in the public area; the system's by default. */
  readonly random?: Random
}

function requireLength(name: string, { length }: Uint8Array, least: number, most: number): void {
  if (length >= least && length <= most) return
  throw new TrustholdError('ARGUMENT_INVALID', { name, reason: `${length} bytes, not ${least} to ${most}` })
}

/**
 * Data that a TPM shall keep and give out by TPM2_Unseal, under a policy or with a password. Part 1, section 27.
 * @throws ARGUMENT_INVALID for data, a policy or a password of a length that cannot be
 */
export function sealedObject(options: SealedObjectOptions): ImportableObject {
  const { data, nameAlg = 'sha256', authPolicy, random = systemRandom } = options
  const authValue = options.authValue ?? new Uint8Array()
  const { size } = hashFacts(nameAlg)
  requireLength('data', data, 1, mostData)
  requireLength('authValue', authValue, 0, size)
  if (authPolicy !== undefined) requireLength('authPolicy', authPolicy, size, size)
  const seedValue = random.bytes(size)
  return {
    publicArea: {
      type: 'keyedhash',
      nameAlg,
      objectAttributes: objectAttributes(authPolicy === undefined ? 'userWithAuth' : 'adminWithPolicy'),
      authPolicy: authPolicy ?? new Uint8Array(),
      parameters: { scheme: { scheme: 'null' } },
      unique: computeUnique(nameAlg, seedValue, data),
    },
    sensitive: { sensitiveType: 'keyedhash', authValue, seedValue, sensitive: Uint8Array.from(data) },
  }
}
