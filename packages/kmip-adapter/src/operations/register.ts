import {
  type Attribute,
  attributes,
  type ManagedObject,
  objectFields,
  storageMasks,
  templateAttribute,
  toObjectFields,
} from '../protocol/index.js'
import { enumeration, type Infer, type KmipVersion, maybe, one, structure, text } from '../ttlv/index.js'
import { newAttributes } from './new-attributes.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
  ...objectFields,
  protectionStorageMasks: maybe('ProtectionStorageMasks', storageMasks, { since: '2.0' }),
})
/** The object to keep. */
export interface RegisterRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
})
/** The id that the object got. */
export interface RegisterResponse extends Infer<typeof responseDef> {}

/** Register. KMIP 1.4, section 4.3. */
export const register: Operation<RegisterRequest, RegisterResponse> = {
  name: 'Register',
  since: '1.0',
  repeatable: false,
  about: 'newObject',
  request: requestDef,
  response: responseDef,
}

/** Asks to keep an object with these attributes. */
export function registerRequest(
  object: ManagedObject,
  list: readonly Attribute[],
  version: KmipVersion,
): RegisterRequest {
  return { objectType: object.objectType, ...newAttributes(list, version), ...toObjectFields(object) }
}
