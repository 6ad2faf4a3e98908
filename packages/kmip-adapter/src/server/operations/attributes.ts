import {
  addAttribute,
  deleteAttribute,
  getAttributeList,
  getAttributes,
  modifyAttribute,
  setAttribute,
} from '../../operations/index.js'
import {
  type Attribute,
  attributeTitle,
  hasTaggedAttributes,
  type VendorReference,
} from '../../protocol/index.js'
import { tags } from '../../ttlv/index.js'
import { serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { loadAny } from '../objects/access.js'
import { allAttributes, namedAttributes, toVersion } from '../objects/attribute-view.js'
import {
  addInstance,
  changeAttributes,
  deleteInstances,
  modifyInstance,
  replaceAll,
} from '../objects/change-attributes.js'

type Reference = number | VendorReference

/** Whether an attribute is the one that a title of KMIP 1.x or a reference of 2.x means. */
function matches(attribute: Attribute, wanted: string | Reference): boolean {
  if (typeof wanted === 'string') return attributeTitle(attribute) === wanted
  if (typeof wanted === 'number')
    return attribute.name !== 'Custom' && attribute.name in tags && tagOf(attribute) === wanted
  return (
    attribute.name === 'Custom' &&
    attribute.vendor === wanted.vendorIdentification &&
    attribute.title === wanted.attributeName
  )
}

function tagOf({ name }: Attribute): number | undefined {
  return name === 'Custom' || name === 'Other' ? undefined : tags[name]
}

/** Get Attributes: KMIP 1.4, section 4.12. Attributes that the object does not have are left out. */
export const serveGetAttributes = serve(getAttributes, async (request, context) => {
  const { object } = await loadAny(context, request.uniqueIdentifier)
  const wanted = [...(request.attributeName ?? []), ...(request.attributeReference ?? [])]
  const list =
    wanted.length === 0
      ? allAttributes(object, context)
      : namedAttributes(object, context, (attribute) => wanted.some((one) => matches(attribute, one)))
  return {
    uniqueIdentifier: object.id,
    ...(hasTaggedAttributes(context.version) ? { attributes: list } : { attribute: list }),
  }
})

function refer(attribute: Attribute): Reference {
  if (attribute.name !== 'Custom') return tagOf(attribute) ?? 0
  return { vendorIdentification: attribute.vendor, attributeName: attribute.title }
}

/** Get Attribute List: KMIP 1.4, section 4.13. */
export const serveGetAttributeList = serve(getAttributeList, async ({ uniqueIdentifier }, context) => {
  const { object } = await loadAny(context, uniqueIdentifier)
  const list = allAttributes(object, context)
  if (!hasTaggedAttributes(context.version)) {
    const titles = list.map((attribute) => attributeTitle(attribute) ?? attribute.name)
    return { uniqueIdentifier: object.id, attributeName: [...new Set(titles)] }
  }
  const seen = new Map(list.map((attribute) => [JSON.stringify(refer(attribute)), refer(attribute)]))
  return { uniqueIdentifier: object.id, attributeReference: [...seen.values()] }
})

/** The one attribute of a list. */
function only(list: readonly Attribute[] | undefined, what: string): Attribute {
  const [first, second] = list ?? []
  if (first === undefined) return refuse('MissingData', `a ${what} is needed`)
  return second === undefined ? first : refuse('InvalidField', `one ${what} is taken`)
}

/** Add Attribute: KMIP 1.4, section 4.14. */
export const serveAddAttribute = serve(addAttribute, async (request, context) => {
  const given = request.attribute ?? only(request.newAttribute, 'New Attribute')
  const { id, attribute } = await changeAttributes(context, request.uniqueIdentifier, (object) =>
    addInstance(object, given, context),
  )
  return hasTaggedAttributes(context.version)
    ? { uniqueIdentifier: id }
    : { uniqueIdentifier: id, attribute: toVersion(attribute, context.version) }
})

/** Modify Attribute: KMIP 1.4, section 4.15. */
export const serveModifyAttribute = serve(modifyAttribute, async (request, context) => {
  const given = request.attribute ?? only(request.newAttribute, 'New Attribute')
  const current = request.currentAttribute && only(request.currentAttribute, 'Current Attribute')
  const { id, attribute } = await changeAttributes(context, request.uniqueIdentifier, (object) =>
    modifyInstance(object, given, current, context),
  )
  return hasTaggedAttributes(context.version)
    ? { uniqueIdentifier: id }
    : { uniqueIdentifier: id, attribute: toVersion(attribute, context.version) }
})

/** Set Attribute: KMIP 2.1, section 6.1.53. */
export const serveSetAttribute = serve(setAttribute, async (request, context) => {
  const given = only(request.newAttribute, 'New Attribute')
  const { id } = await changeAttributes(context, request.uniqueIdentifier, (object) =>
    replaceAll(object, given, context),
  )
  return { uniqueIdentifier: id }
})

/** Delete Attribute: KMIP 1.4, section 4.16. */
export const serveDeleteAttribute = serve(deleteAttribute, async (request, context) => {
  const { attributeName, attributeIndex = 0, attributeReference } = request
  const current = request.currentAttribute && only(request.currentAttribute, 'Current Attribute')
  const wanted = attributeName ?? attributeReference
  const { id, attribute } = await changeAttributes(context, request.uniqueIdentifier, (object) => {
    if (current !== undefined) return deleteInstances(object, { value: current }, context)
    if (wanted === undefined) return refuse('MissingData', 'the attribute to delete is not named')
    const isMeant = (attribute: Attribute): boolean => matches(attribute, wanted)
    return deleteInstances(
      object,
      attributeName === undefined ? { isMeant } : { isMeant, index: attributeIndex },
      context,
    )
  })
  return hasTaggedAttributes(context.version)
    ? { uniqueIdentifier: id }
    : { uniqueIdentifier: id, attribute: toVersion(attribute, context.version) }
})
