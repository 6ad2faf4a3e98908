import { SecretBytes } from '@trusthold/core/bytes'
import { deriveKey, newAttributesOf } from '../../operations/index.js'
import type { Attribute, IdReference, ManagedObject } from '../../protocol/index.js'
import { keyBytes } from '../cryptography/cipher-table.js'
import { deriveBytes } from '../cryptography/derivation.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { changed, loadObject, requireUsage } from '../objects/access.js'
import { admitContent, secretOf } from '../objects/contents.js'
import { type HeldObject, valueIn, withInstance } from '../objects/held-object.js'
import { requireProtecting } from '../objects/lifecycle.js'
import { buildObject, pick, storeObject } from '../objects/new-object.js'
import type { StoredObject } from '../objects/object-store.js'
import { claimsOf, removeObject } from './keys.js'

type DeriveRequest = Parameters<typeof deriveKey.request.write>[2]

async function loadBase(
  context: OperationContext,
  id: string | IdReference | undefined,
): Promise<StoredObject> {
  const stored = await loadObject(context, id)
  requireUsage(stored.object, 'DeriveKey')
  requireProtecting(stored.object, context.now)
  return stored
}

/** Bytes of the new key, as its attributes say. */
function lengthOf({ objectType }: DeriveRequest, given: readonly Attribute[]): number {
  const length = pick(given, 'CryptographicLength')
  if (length === undefined || length < 8 || length % 8 !== 0) {
    return refuse('InvalidField', 'a Cryptographic Length in whole bytes is needed')
  }
  const algorithm = pick(given, 'CryptographicAlgorithm')
  if (objectType === 'SymmetricKey' && algorithm === undefined) {
    return refuse('InvalidField', 'a Cryptographic Algorithm is needed')
  }
  return algorithm === undefined ? length / 8 : keyBytes(algorithm, length)
}

async function derive(
  request: DeriveRequest,
  base: HeldObject,
  data: SecretBytes | undefined,
  length: number,
): Promise<SecretBytes> {
  const { derivationMethod, derivationParameters } = request
  const algorithm = valueIn(base, 'CryptographicAlgorithm') ?? 0
  const plain = data?.copy()
  const input = {
    parameters: derivationParameters.cryptographicParameters ?? {},
    data: plain,
    iv: derivationParameters.initializationVector,
    salt: derivationParameters.salt,
    iterations: derivationParameters.iterationCount,
  }
  try {
    const deriving = secretOf(base.content).use((bytes) =>
      deriveBytes(derivationMethod, { algorithm, bytes }, input, length),
    )
    return SecretBytes.take(await deriving)
  } finally {
    plain?.fill(0)
  }
}

const linkTo = (linkType: 'DerivationBaseObjectLink' | 'DerivedKeyLink', id: string): Attribute => ({
  name: 'Link',
  value: { linkType, linkedObjectIdentifier: id },
})

/** Stores the new object, and links the one that it was derived from with it. */
async function storeDerived(context: OperationContext, base: StoredObject, made: HeldObject): Promise<void> {
  await storeObject(context, made)
  try {
    const linked = withInstance(base.object, linkTo('DerivedKeyLink', made.id))
    await context.objects.replace(base, changed(linked, context))
  } catch (error) {
    await removeObject(context, made)
    throw error
  }
}

/** What keeps objects from leaving keeps what is derived of them: the client may know how to undo the derivation. */
function guardsOf(bases: readonly HeldObject[]): readonly Attribute[] {
  const isSensitive = bases.some((base) => valueIn(base, 'Sensitive') === true)
  const isExtractable = bases.every((base) => valueIn(base, 'Extractable') !== false)
  return [
    ...(isSensitive ? [{ name: 'Sensitive', value: true } as const] : []),
    ...(isExtractable ? [] : [{ name: 'Extractable', value: false } as const]),
  ]
}

/** Derive Key: KMIP 1.4, section 4.6. Data to derive with may be a second object's. */
export const serveDeriveKey = serve(deriveKey, async (request, context) => {
  const { objectType, derivationParameters } = request
  if (objectType !== 'SymmetricKey' && objectType !== 'SecretData') {
    return refuse('InvalidObjectType', 'symmetric keys and secret data are derived')
  }
  const [first, second, third] = request.uniqueIdentifier ?? []
  if (third !== undefined) return refuse('InvalidField', 'a key is derived from at most two objects')
  const base = await loadBase(context, first)
  const other = second === undefined ? undefined : await loadBase(context, second)
  const data = derivationParameters.derivationData ?? (other && secretOf(other.object.content))
  const guards = guardsOf(other === undefined ? [base.object] : [base.object, other.object])
  const given = newAttributesOf(request).filter(({ name }) => guards.every((guard) => guard.name !== name))
  const keyMaterial = await derive(request, base.object, data, lengthOf(request, given))
  const keyBlock = { keyFormatType: 'Raw', keyValue: { keyMaterial } } as const
  const object: ManagedObject =
    objectType === 'SymmetricKey'
      ? { objectType, object: { keyBlock } }
      : { objectType, object: { secretDataType: 'Seed', keyBlock } }
  const content = admitContent(object, claimsOf(given))
  const added = [linkTo('DerivationBaseObjectLink', base.object.id), ...guards]
  const made = buildObject(context, { content, given, added })
  await storeDerived(context, base, made)
  context.ids.note('DeriveKey', made.id)
  return { uniqueIdentifier: made.id }
})
