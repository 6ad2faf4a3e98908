import { importObject } from '../../operations/index.js'
import type { Attribute } from '../../protocol/index.js'
import { serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { replaceObject } from '../objects/change-attributes.js'
import { admitContent, keyBlockOf } from '../objects/contents.js'
import { type HeldObject, isSameAttribute, withInstance } from '../objects/held-object.js'
import { stateAt } from '../objects/lifecycle.js'
import { pick, requireDates, storeObject } from '../objects/new-object.js'
import { claimsOf, requireObject } from './keys.js'

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
