import { type Attribute, attributes, storageMasks, templateAttribute } from '../protocol/index.js'
import {
  type Enumerated,
  enumeration,
  type Infer,
  type KmipVersion,
  maybe,
  one,
  structure,
  text,
} from '../ttlv/index.js'
import { newAttributes } from './new-attributes.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
  protectionStorageMasks: maybe('ProtectionStorageMasks', storageMasks, { since: '2.0' }),
})
/** What to make. */
export interface CreateRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  uniqueIdentifier: one('UniqueIdentifier', text),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
})
/** What was made. */
export interface CreateResponse extends Infer<typeof responseDef> {}

/** Create. KMIP 1.4, section 4.1. */
export const create: Operation<CreateRequest, CreateResponse> = {
  name: 'Create',
  since: '1.0',
  repeatable: false,
  about: 'newObject',
  request: requestDef,
  response: responseDef,
}

/** Asks for an object with these attributes. */
export function createRequest(
  objectType: Enumerated<'ObjectType'>,
  list: readonly Attribute[],
  version: KmipVersion,
): CreateRequest {
  return { objectType, ...newAttributes(list, version) }
}
