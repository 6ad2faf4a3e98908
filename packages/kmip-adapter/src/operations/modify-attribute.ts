import { type Attribute, attribute, attributes, hasTaggedAttributes, objectId } from '../protocol/index.js'
import { type Infer, type KmipVersion, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  attribute: maybe('Attribute', attribute, { until: '1.4' }),
  currentAttribute: maybe('CurrentAttribute', attributes, { since: '2.0' }),
  newAttribute: maybe('NewAttribute', attributes, { since: '2.0' }),
})
/** The object and the attribute that it gets in place of another. */
export interface ModifyAttributeRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  attribute: maybe('Attribute', attribute, { until: '1.4' }),
})
/** The object; before KMIP 2.0 also the attribute. */
export interface ModifyAttributeResponse extends Infer<typeof responseDef> {}

/** Modify Attribute. KMIP 1.4, section 4.15. */
export const modifyAttribute: Operation<ModifyAttributeRequest, ModifyAttributeResponse> = {
  name: 'ModifyAttribute',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/**
 * Gives an attribute of an object another value. Of several the index of the new one tells which before KMIP 2.0, and
 * the current one since.
 */
export function modifyAttributeRequest(
  uniqueIdentifier: string | undefined,
  changed: Attribute,
  current: Attribute | undefined,
  version: KmipVersion,
): ModifyAttributeRequest {
  const object = uniqueIdentifier === undefined ? {} : { uniqueIdentifier }
  if (!hasTaggedAttributes(version)) return { ...object, attribute: changed }
  return {
    ...object,
    ...(current === undefined ? {} : { currentAttribute: [current] }),
    newAttribute: [changed],
  }
}
