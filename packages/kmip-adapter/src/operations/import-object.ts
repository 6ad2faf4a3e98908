import {
  type Attribute,
  attribute,
  attributes,
  hasTaggedAttributes,
  type ManagedObject,
  objectFields,
  toObjectFields,
} from '../protocol/index.js'
import {
  boolean,
  enumeration,
  type Infer,
  type KmipVersion,
  many,
  maybe,
  one,
  structure,
  text,
} from '../ttlv/index.js'
import { numberInstances } from './new-attributes.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  objectType: one('ObjectType', enumeration('ObjectType')),
  replaceExisting: maybe('ReplaceExisting', boolean),
  keyWrapType: maybe('KeyWrapType', enumeration('KeyWrapType')),
  attribute: many('Attribute', attribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
  ...objectFields,
})
/** The object to keep under an id that the client chooses. */
export interface ImportRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The id that the object got. */
export interface ImportResponse extends Infer<typeof responseDef> {}

/** Import. KMIP 1.4, section 4.42. */
export const importObject: Operation<ImportRequest, ImportResponse> = {
  name: 'Import',
  since: '1.4',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/** What {@link importRequest} needs besides the object. */
export interface ImportOptions {
  /** Replaces the object that has the id now, if any. */
  readonly replaceExisting?: boolean
  readonly attributes?: readonly Attribute[]
}

/** Asks to keep an object, with all its attributes, under this id. */
export function importRequest(
  uniqueIdentifier: string,
  object: ManagedObject,
  { replaceExisting, attributes: list = [] }: ImportOptions,
  version: KmipVersion,
): ImportRequest {
  return {
    uniqueIdentifier,
    objectType: object.objectType,
    ...(replaceExisting === undefined ? {} : { replaceExisting }),
    ...(hasTaggedAttributes(version) ? { attributes: list } : { attribute: numberInstances(list) }),
    ...toObjectFields(object),
  }
}
