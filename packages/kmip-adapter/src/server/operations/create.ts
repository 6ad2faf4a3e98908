import { SecretBytes } from '@trusthold/core/bytes'
import { create, newAttributesOf } from '../../operations/index.js'
import type { Attribute } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { keyBytes, symmetricAlgorithms } from '../cryptography/cipher-table.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { admitContent } from '../objects/contents.js'
import { admit, pick } from '../objects/new-object.js'

/** What a symmetric key is made by. */
export interface SymmetricRecipe {
  readonly algorithm: Enumerated<'CryptographicAlgorithm'>
  /** Bits. */
  readonly length: number
}

const longestMacKey = 65_536

/** What the attributes of a new symmetric key say of it. @throws Refusal */
export function symmetricRecipe(given: readonly Attribute[]): SymmetricRecipe {
  const algorithm = pick(given, 'CryptographicAlgorithm')
  const length = pick(given, 'CryptographicLength')
  if (algorithm === undefined) return refuse('InvalidField', 'a Cryptographic Algorithm is needed')
  if (length === undefined) return refuse('InvalidField', 'a Cryptographic Length is needed')
  const known = typeof algorithm === 'string' ? symmetricAlgorithms[algorithm] : undefined
  if (known === undefined) return refuse('InvalidField', `keys for ${algorithm} are not made`)
  const fits = known.lengths?.includes(length) ?? (length > 0 && length <= longestMacKey && length % 8 === 0)
  return fits ? { algorithm, length } : refuse('InvalidField', `${algorithm} has no keys of ${length} bits`)
}

/** Refuses a new key that says nothing of its use: KMIP 1.4, section 3.19. */
export function requireMask(given: readonly Attribute[]): void {
  if (pick(given, 'CryptographicUsageMask') === undefined) {
    refuse('InvalidField', 'a Cryptographic Usage Mask is needed')
  }
}

/** A new symmetric key. */
export function makeSymmetric({ algorithm, length }: SymmetricRecipe, { random }: OperationContext) {
  const keyMaterial = SecretBytes.take(random.bytes(keyBytes(algorithm, length)))
  const keyBlock = {
    keyFormatType: 'Raw',
    keyValue: { keyMaterial },
    cryptographicAlgorithm: algorithm,
    cryptographicLength: length,
  } as const
  return admitContent({ objectType: 'SymmetricKey', object: { keyBlock } }, {})
}

/** Create: KMIP 1.4, section 4.1. */
export const serveCreate = serve(create, async (request, context) => {
  if (request.objectType !== 'SymmetricKey') {
    return refuse('InvalidObjectType', 'only symmetric keys are created')
  }
  if (request.templateAttribute?.name !== undefined) {
    return refuse('FeatureNotSupported', 'templates are not supported')
  }
  const given = newAttributesOf(request)
  requireMask(given)
  const content = makeSymmetric(symmetricRecipe(given), context)
  const uniqueIdentifier = await admit(context, { content, given })
  context.ids.note('Create', uniqueIdentifier)
  return { objectType: 'SymmetricKey' as const, uniqueIdentifier }
})
