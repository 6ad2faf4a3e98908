import { SecretBytes } from '@trusthold/core/bytes'
import { createKeyPair, newAttributesOf, register } from '../../operations/index.js'
import { type Attribute, type ManagedObject, objectOf } from '../../protocol/index.js'
import { generatePair, type KeyHalf, writeKey } from '../cryptography/asymmetric-keys.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { admitContent, keyBlockOf } from '../objects/contents.js'
import { type HeldObject, isSameAttribute, withInstance } from '../objects/held-object.js'
import { admit, buildObject, pick, storeObject } from '../objects/new-object.js'
import { requireMask } from './create.js'

/** What attributes say of a key whose block does not. */
export function claimsOf(given: readonly Attribute[]) {
  const cryptographicAlgorithm = pick(given, 'CryptographicAlgorithm')
  const cryptographicLength = pick(given, 'CryptographicLength')
  return {
    ...(cryptographicAlgorithm === undefined ? {} : { cryptographicAlgorithm }),
    ...(cryptographicLength === undefined ? {} : { cryptographicLength }),
  }
}

/** The object of a request. @throws Refusal */
export function requireObject(request: Parameters<typeof objectOf>[0]): ManagedObject {
  const object = objectOf(request)
  return (
    object ?? refuse('InvalidField', `the request does not have one object of type ${request.objectType}`)
  )
}

/** Attributes that came with the key, and those of the request. */
function allGiven(object: ManagedObject, given: readonly Attribute[]): readonly Attribute[] {
  const value = keyBlockOf(object)?.keyValue
  if (value === undefined || value instanceof SecretBytes) return given
  return [...given, ...(value.attribute ?? []), ...(value.attributes ?? [])]
}

/** Register: KMIP 1.4, section 4.3. */
export const serveRegister = serve(register, async (request, context) => {
  if (request.templateAttribute?.name !== undefined) {
    return refuse('FeatureNotSupported', 'templates are not supported')
  }
  const object = requireObject(request)
  const given = allGiven(object, newAttributesOf(request))
  const uniqueIdentifier = await admit(context, { content: admitContent(object, claimsOf(given)), given })
  context.ids.note('Register', uniqueIdentifier)
  return { uniqueIdentifier }
})

/** The attributes for both halves of a pair, of either version's form. */
export interface PairRequest {
  readonly commonTemplateAttribute?: { readonly attribute?: readonly Attribute[] }
  readonly privateKeyTemplateAttribute?: { readonly attribute?: readonly Attribute[] }
  readonly publicKeyTemplateAttribute?: { readonly attribute?: readonly Attribute[] }
  readonly commonAttributes?: readonly Attribute[]
  readonly privateKeyAttributes?: readonly Attribute[]
  readonly publicKeyAttributes?: readonly Attribute[]
}

/** What one half gets: its own attributes, and the common ones that it does not have itself. */
export function attributesForHalf(request: PairRequest, half: KeyHalf): readonly Attribute[] {
  const common = [...(request.commonTemplateAttribute?.attribute ?? []), ...(request.commonAttributes ?? [])]
  const own =
    half === 'PrivateKey'
      ? [...(request.privateKeyTemplateAttribute?.attribute ?? []), ...(request.privateKeyAttributes ?? [])]
      : [...(request.publicKeyTemplateAttribute?.attribute ?? []), ...(request.publicKeyAttributes ?? [])]
  return [...common.filter((one) => !own.some((other) => isSameAttribute(one, other))), ...own]
}

/** Two new objects, each with a link to the other, not stored. */
export async function buildPair(
  context: OperationContext,
  given: Readonly<Record<KeyHalf, readonly Attribute[]>>,
): Promise<Readonly<Record<KeyHalf, HeldObject>>> {
  const wanted = [...given.PrivateKey, ...given.PublicKey]
  const algorithm = pick(wanted, 'CryptographicAlgorithm')
  const pair = await generatePair({
    algorithm,
    length: pick(wanted, 'CryptographicLength'),
    curve: pick(wanted, 'CryptographicDomainParameters')?.recommendedCurve,
  })
  const build = (half: KeyHalf): HeldObject => {
    requireMask(given[half])
    const key = half === 'PrivateKey' ? pair.privateKey : pair.publicKey
    const keyFormatType = half === 'PrivateKey' ? 'PKCS_8' : 'X_509'
    const keyMaterial = SecretBytes.take(writeKey(half, key, keyFormatType))
    const keyBlock = {
      keyFormatType,
      keyValue: { keyMaterial },
      ...(algorithm === undefined ? {} : { cryptographicAlgorithm: algorithm }),
      cryptographicLength: pair.length,
    } as const
    const content = admitContent({ objectType: half, object: { keyBlock } }, claimsOf(given[half]))
    return buildObject(context, { content, given: given[half] })
  }
  const [privateKey, publicKey] = [build('PrivateKey'), build('PublicKey')]
  const link = (object: HeldObject, linkType: 'PublicKeyLink' | 'PrivateKeyLink', to: HeldObject) =>
    withInstance(object, { name: 'Link', value: { linkType, linkedObjectIdentifier: to.id } })
  return {
    PrivateKey: link(privateKey, 'PublicKeyLink', publicKey),
    PublicKey: link(publicKey, 'PrivateKeyLink', privateKey),
  }
}

/** Stores both halves, or none. */
export async function storePair(
  context: OperationContext,
  { PrivateKey, PublicKey }: Readonly<Record<KeyHalf, HeldObject>>,
): Promise<void> {
  await storeObject(context, PublicKey)
  try {
    await storeObject(context, PrivateKey)
  } catch (error) {
    await removeObject(context, PublicKey)
    throw error
  }
}

/** Takes back an object that was just stored. */
export async function removeObject({ objects }: OperationContext, object: HeldObject): Promise<void> {
  await objects.remove(object.id)
  for (const attribute of object.attributes) {
    if (attribute.name === 'Name') await objects.releaseName(attribute.value.nameValue, object.id)
  }
}

/** Create Key Pair: KMIP 1.4, section 4.2. */
export const serveCreateKeyPair = serve(createKeyPair, async (request, context) => {
  const pair = await buildPair(context, {
    PrivateKey: attributesForHalf(request, 'PrivateKey'),
    PublicKey: attributesForHalf(request, 'PublicKey'),
  })
  await storePair(context, pair)
  const [privateKeyUniqueIdentifier, publicKeyUniqueIdentifier] = [pair.PrivateKey.id, pair.PublicKey.id]
  context.ids.note('CreateKeyPair', privateKeyUniqueIdentifier, publicKeyUniqueIdentifier)
  context.ids.name('CreateKeyPairPrivateKey', privateKeyUniqueIdentifier)
  context.ids.name('CreateKeyPairPublicKey', publicKeyUniqueIdentifier)
  return { privateKeyUniqueIdentifier, publicKeyUniqueIdentifier }
})
