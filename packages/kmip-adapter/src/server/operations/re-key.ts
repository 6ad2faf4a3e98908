import { newAttributesOf, reKey, reKeyKeyPair } from '../../operations/index.js'
import type { Attribute, AttributeName, IdReference } from '../../protocol/index.js'
import type { KeyHalf } from '../cryptography/asymmetric-keys.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { changed, loadObject } from '../objects/access.js'
import { ruleOf } from '../objects/attribute-rules.js'
import { type HeldObject, isSameAttribute, valueIn, valuesIn, withInstance } from '../objects/held-object.js'
import { stateAt } from '../objects/lifecycle.js'
import { buildObject, namesOf } from '../objects/new-object.js'
import type { StoredObject } from '../objects/object-store.js'
import { makeSymmetric, symmetricRecipe } from './create.js'
import { attributesForHalf, buildPair } from './keys.js'

/** Dates that move with the date of activation. KMIP 1.4, section 4.4, the table of new dates. */
const moving = ['ProcessStartDate', 'ProtectStopDate', 'DeactivationDate'] as const
const dates: readonly AttributeName[] = ['ActivationDate', ...moving]
/** What a new key does not take over. */
const left: readonly unknown[] = ['Link', 'UsageLimits', 'OriginalCreationDate', ...dates]

async function loadReplaced(
  context: OperationContext,
  id: string | IdReference | undefined,
): Promise<StoredObject> {
  const stored = await loadObject(context, id)
  if (stateAt(stored.object, context.now) === 'Compromised') {
    return refuse('WrongKeyLifecycleState', 'the object is compromised: make a new one')
  }
  const isReplaced = valuesIn(stored.object, 'Link').some(
    ({ linkType }) => linkType === 'ReplacementObjectLink',
  )
  return isReplaced ? refuse('PermissionDenied', 'the object was replaced already') : stored
}

/** Dates of the new key: with an offset they follow from those of the old one, otherwise it gets none. */
function newDates(old: HeldObject, offset: number | undefined, { now }: OperationContext): Attribute[] {
  if (offset === undefined) return []
  const activation = now + BigInt(offset)
  const former = valueIn(old, 'ActivationDate')
  const moved = moving.flatMap((name): Attribute[] => {
    const date = valueIn(old, name)
    return date === undefined || former === undefined ? [] : [{ name, value: date + activation - former }]
  })
  return [{ name: 'ActivationDate', value: activation }, ...moved]
}

/** What the new key gets: what the old one had, its names too, unless the request says otherwise. */
function inherited(
  old: HeldObject,
  given: readonly Attribute[],
  offset: number | undefined,
  context: OperationContext,
): readonly Attribute[] {
  const kept = old.attributes.filter((attribute) => {
    const vendor = attribute.name === 'Custom' ? attribute.vendor : undefined
    return ruleOf(attribute.name, vendor).create && !left.includes(attribute.name)
  })
  const own = [...kept, ...newDates(old, offset, context)]
  return [...own.filter((one) => !given.some((other) => isSameAttribute(one, other))), ...given].map(
    ({ index: _, ...attribute }) => attribute as Attribute,
  )
}

const linkTo = (linkType: 'ReplacementObjectLink' | 'ReplacedObjectLink', id: string): Attribute => ({
  name: 'Link',
  value: { linkType, linkedObjectIdentifier: id },
})

/** Puts a new object in the place of an old one, which loses its names to it. */
async function replaceWith(
  context: OperationContext,
  stored: StoredObject,
  replacement: HeldObject,
): Promise<void> {
  const { objects } = context
  const moved = new Set(namesOf(replacement).filter((name) => namesOf(stored.object).includes(name)))
  const added = namesOf(replacement).filter((name) => !moved.has(name))
  await objects.add(withInstance(replacement, linkTo('ReplacedObjectLink', stored.object.id)))
  try {
    for (const name of added) {
      if (await objects.claimName(name, replacement.id)) continue
      refuse('NonUniqueNameAttribute', 'another object has this name')
    }
    const attributes = stored.object.attributes.filter(
      (attribute) => attribute.name !== 'Name' || !moved.has(attribute.value.nameValue),
    )
    const linked = withInstance(
      { ...stored.object, attributes },
      linkTo('ReplacementObjectLink', replacement.id),
    )
    await objects.replace(stored, changed(linked, context))
  } catch (error) {
    await objects.remove(replacement.id)
    for (const name of added) await objects.releaseName(name, replacement.id)
    throw error
  }
  for (const name of moved) await objects.moveName(name, replacement.id)
}

/** Re-key: KMIP 1.4, section 4.4. */
export const serveReKey = serve(reKey, async (request, context) => {
  const stored = await loadReplaced(context, request.uniqueIdentifier)
  if (stored.object.objectType !== 'SymmetricKey') {
    return refuse('IllegalObjectType', 'only symmetric keys are re-keyed so')
  }
  const given = inherited(stored.object, newAttributesOf(request), request.offset, context)
  const content = makeSymmetric(symmetricRecipe(given), context)
  const replacement = buildObject(context, { content, given })
  await replaceWith(context, stored, replacement)
  context.ids.note('ReKey', replacement.id)
  return { uniqueIdentifier: replacement.id }
})

/** The public key of a private one. */
async function loadPublic(context: OperationContext, privateKey: HeldObject): Promise<StoredObject> {
  const link = valuesIn(privateKey, 'Link').find(({ linkType }) => linkType === 'PublicKeyLink')
  if (link === undefined) return refuse('ItemNotFound', 'the private key has no link to its public key')
  return loadReplaced(context, link.linkedObjectIdentifier)
}

/** Re-key Key Pair: KMIP 1.4, section 4.5. */
export const serveReKeyKeyPair = serve(reKeyKeyPair, async (request, context) => {
  const stored = await loadReplaced(context, request.privateKeyUniqueIdentifier)
  if (stored.object.objectType !== 'PrivateKey') {
    return refuse('IllegalObjectType', 'the object is not a private key')
  }
  const other = await loadPublic(context, stored.object)
  const give = (half: KeyHalf, old: HeldObject) =>
    inherited(old, attributesForHalf(request, half), request.offset, context)
  const pair = await buildPair(context, {
    PrivateKey: give('PrivateKey', stored.object),
    PublicKey: give('PublicKey', other.object),
  })
  await replaceWith(context, other, pair.PublicKey)
  await replaceWith(context, stored, pair.PrivateKey)
  const [privateKeyUniqueIdentifier, publicKeyUniqueIdentifier] = [pair.PrivateKey.id, pair.PublicKey.id]
  context.ids.note('ReKeyKeyPair', privateKeyUniqueIdentifier, publicKeyUniqueIdentifier)
  context.ids.name('ReKeyKeyPairPrivateKey', privateKeyUniqueIdentifier)
  context.ids.name('ReKeyKeyPairPublicKey', publicKeyUniqueIdentifier)
  return { privateKeyUniqueIdentifier, publicKeyUniqueIdentifier }
})
