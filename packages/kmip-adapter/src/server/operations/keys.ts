import { SecretBytes } from '@trusthold/core/bytes'
import { createKeyPair, deriveKey, importObject, newAttributesOf, register } from '../../operations/index.js'
import { type Attribute, type ManagedObject, objectOf } from '../../protocol/index.js'
import { generatePair, type KeyHalf, writeKey } from '../cryptography/asymmetric-keys.js'
import { keyBytes } from '../cryptography/cipher-table.js'
import { deriveBytes } from '../cryptography/derivation.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { changed, loadObject, requireUsage } from '../objects/access.js'
import { replaceObject } from '../objects/change-attributes.js'
import { admitContent, keyBlockOf, secretOf } from '../objects/contents.js'
import { type HeldObject, isSameAttribute, valueIn, withInstance } from '../objects/held-object.js'
import { requireProtecting, stateAt } from '../objects/lifecycle.js'
import { admit, buildObject, pick, requireDates, storeObject } from '../objects/new-object.js'
import { requireMask } from './create.js'

function claimsOf(given: readonly Attribute[]) {
  const cryptographicAlgorithm = pick(given, 'CryptographicAlgorithm')
  const cryptographicLength = pick(given, 'CryptographicLength')
  return {
    ...(cryptographicAlgorithm === undefined ? {} : { cryptographicAlgorithm }),
    ...(cryptographicLength === undefined ? {} : { cryptographicLength }),
  }
}

function requireObject(request: Parameters<typeof objectOf>[0]): ManagedObject {
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
export function buildPair(
  context: OperationContext,
  given: Readonly<Record<KeyHalf, readonly Attribute[]>>,
): Readonly<Record<KeyHalf, HeldObject>> {
  const wanted = [...given.PrivateKey, ...given.PublicKey]
  const algorithm = pick(wanted, 'CryptographicAlgorithm')
  const pair = generatePair({
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
  const pair = buildPair(context, {
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

/** Derive Key: KMIP 1.4, section 4.6. */
export const serveDeriveKey = serve(deriveKey, async (request, context) => {
  const { objectType, derivationMethod, derivationParameters } = request
  if (objectType !== 'SymmetricKey' && objectType !== 'SecretData') {
    return refuse('InvalidObjectType', 'symmetric keys and secret data are derived')
  }
  const [first, second, third] = request.uniqueIdentifier ?? []
  if (third !== undefined) return refuse('InvalidField', 'a key is derived from at most two objects')
  const base = await loadBase(context, first)
  const data =
    derivationParameters.derivationData ??
    (second === undefined ? undefined : secretOf((await loadBase(context, second)).object.content))
  const given = newAttributesOf(request)
  const length = pick(given, 'CryptographicLength')
  if (length === undefined || length < 8 || length % 8 !== 0) {
    return refuse('InvalidField', 'a Cryptographic Length in whole bytes is needed')
  }
  const algorithm = pick(given, 'CryptographicAlgorithm')
  if (objectType === 'SymmetricKey' && algorithm === undefined) {
    return refuse('InvalidField', 'a Cryptographic Algorithm is needed')
  }
  const keyAlgorithm = valueIn(base.object, 'CryptographicAlgorithm') ?? 0
  const bytes = secretOf(base.object.content).use((key) => {
    const input = {
      parameters: derivationParameters.cryptographicParameters ?? {},
      data: data?.use((plain) => Uint8Array.from(plain)),
      iv: derivationParameters.initializationVector,
      salt: derivationParameters.salt,
      iterations: derivationParameters.iterationCount,
    }
    const wanted = algorithm === undefined ? length / 8 : keyBytes(algorithm, length)
    return deriveBytes(derivationMethod, { algorithm: keyAlgorithm, bytes: key }, input, wanted)
  })
  const keyBlock = { keyFormatType: 'Raw', keyValue: { keyMaterial: SecretBytes.take(bytes) } } as const
  const object: ManagedObject =
    objectType === 'SymmetricKey'
      ? { objectType, object: { keyBlock } }
      : { objectType, object: { secretDataType: 'Seed', keyBlock } }
  const made = buildObject(context, {
    content: admitContent(object, claimsOf(given)),
    given,
    added: [
      {
        name: 'Link',
        value: { linkType: 'DerivationBaseObjectLink', linkedObjectIdentifier: base.object.id },
      },
    ],
  })
  await storeObject(context, made)
  try {
    const linked = withInstance(base.object, {
      name: 'Link',
      value: { linkType: 'DerivedKeyLink', linkedObjectIdentifier: made.id },
    })
    await context.objects.replace(base, changed(linked, context))
  } catch (error) {
    await removeObject(context, made)
    throw error
  }
  context.ids.note('DeriveKey', made.id)
  return { uniqueIdentifier: made.id }
})

async function loadBase(context: OperationContext, id: Parameters<typeof loadObject>[1]) {
  const stored = await loadObject(context, id)
  requireUsage(stored.object, 'DeriveKey')
  requireProtecting(stored.object, context.now)
  return stored
}

/** Attributes that an import may say and that follow from the rest. */
const implied: readonly unknown[] = ['UniqueIdentifier', 'ObjectType', 'LeaseTime', 'KeyFormatType', 'State']

/** Import: KMIP 1.4, section 4.42. Keeps every attribute as it comes, also those that clients do not set otherwise. */
export const serveImport = serve(importObject, async (request, context) => {
  const { uniqueIdentifier: id, replaceExisting = false, keyWrapType } = request
  if (id === '' || id.length > 1_024)
    return refuse('InvalidField', 'an id of 1 to 1,024 characters is needed')
  const object = requireObject(request)
  if (keyWrapType === 'NotWrapped' && keyBlockOf(object)?.keyWrappingData !== undefined) {
    return refuse('KeyWrapTypeNotSupported', 'a wrapped key is kept wrapped')
  }
  const given = [...(request.attribute ?? []), ...(request.attributes ?? [])]
  const { content, attributes: own } = admitContent(object, claimsOf(given))
  const kept = given.filter(({ name }) => !implied.includes(name) && name !== 'Digest')
  const dated: Attribute[] = [
    { name: 'LastChangeDate', value: context.now },
    { name: 'InitialDate', value: context.now },
  ]
  const added = [...own, ...dated].filter((one) => !kept.some((other) => isSameAttribute(one, other)))
  const empty: HeldObject = { id, objectType: content.objectType, attributes: [], content }
  const imported = [...added, ...kept].reduce(withInstance, empty)
  requireDates(imported)
  const state = pick(given, 'State')
  if (state !== undefined && state !== stateAt(imported, context.now)) {
    return refuse('InvalidAttributeValue', 'the State does not follow from the dates')
  }
  const present = await context.objects.get(id)
  if (present !== undefined && !replaceExisting) {
    return refuse('ObjectAlreadyExists', 'there is an object with this Unique Identifier')
  }
  if (present === undefined || present.destroyed) await storeObject(context, imported)
  else await replaceObject(context, present, imported)
  if (present?.destroyed === true) await context.objects.forgetRemains(id)
  context.ids.note('Import', id)
  return { uniqueIdentifier: id }
})
