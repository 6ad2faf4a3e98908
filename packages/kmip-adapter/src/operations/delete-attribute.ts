import {
  type Attribute,
  attribute,
  attributeReference,
  attributes,
  hasTaggedAttributes,
  objectId,
} from '../protocol/index.js'
import { type Infer, integer, type KmipVersion, maybe, one, structure, text } from '../ttlv/index.js'
import { type AttributeKey, referTo, titleOf } from './attribute-key.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  attributeName: maybe('AttributeName', text, { until: '1.4' }),
  attributeIndex: maybe('AttributeIndex', integer, { until: '1.4' }),
  currentAttribute: maybe('CurrentAttribute', attributes, { since: '2.0' }),
  attributeReference: maybe('AttributeReference', attributeReference, { since: '2.0' }),
})
/** The object and the attribute that it loses. */
export interface DeleteAttributeRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  attribute: maybe('Attribute', attribute, { until: '1.4' }),
})
/** The object; before KMIP 2.0 also the attribute that is gone, which some servers leave out. */
export interface DeleteAttributeResponse extends Infer<typeof responseDef> {}

/** Delete Attribute. KMIP 1.4, section 4.16. */
export const deleteAttribute: Operation<DeleteAttributeRequest, DeleteAttributeResponse> = {
  name: 'DeleteAttribute',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/** Which of several values of an attribute: by the index before KMIP 2.0, by the value since. */
export interface Instance {
  readonly index?: number
  readonly current?: Attribute
}

/** Takes an attribute from an object: all its values in KMIP 2.x, the first one before, unless `instance` says which. */
export function deleteAttributeRequest(
  uniqueIdentifier: string | undefined,
  key: AttributeKey,
  { index, current }: Instance,
  version: KmipVersion,
): DeleteAttributeRequest {
  const object = uniqueIdentifier === undefined ? {} : { uniqueIdentifier }
  if (hasTaggedAttributes(version)) {
    return {
      ...object,
      ...(current === undefined ? { attributeReference: referTo(key) } : { currentAttribute: [current] }),
    }
  }
  return {
    ...object,
    attributeName: titleOf(key),
    ...(index === undefined ? {} : { attributeIndex: index }),
  }
}
