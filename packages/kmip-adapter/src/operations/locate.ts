import { type Attribute, attribute, attributes, hasTaggedAttributes } from '../protocol/index.js'
import {
  type Enumerated,
  enumeration,
  type Infer,
  integer,
  type KmipVersion,
  many,
  maybe,
  structure,
  text,
} from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  maximumItems: maybe('MaximumItems', integer),
  offsetItems: maybe('OffsetItems', integer, { since: '1.3' }),
  storageStatusMask: maybe('StorageStatusMask', integer),
  objectGroupMember: maybe('ObjectGroupMember', enumeration('ObjectGroupMember'), { since: '1.1' }),
  attribute: many('Attribute', attribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
})
/** What to look for: objects that have all of these attributes. */
export interface LocateRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  locatedItems: maybe('LocatedItems', integer, { since: '1.3' }),
  uniqueIdentifier: many('UniqueIdentifier', text),
})
/** What was found. */
export interface LocateResponse extends Infer<typeof responseDef> {}

/** Locate. KMIP 1.4, section 4.9. */
export const locate: Operation<LocateRequest, LocateResponse> = {
  name: 'Locate',
  since: '1.0',
  repeatable: true,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}

/** Which of the objects that have the attributes are wanted. */
export interface LocateBounds {
  readonly maximumItems?: number
  /** How many to leave out at the start. KMIP 1.3 and later. */
  readonly offsetItems?: number
  /** Where they are stored: 1 on-line, 2 in the archive, 4 destroyed (KMIP 2.x), added up; on-line when absent. */
  readonly storageStatusMask?: number
  readonly objectGroupMember?: Enumerated<'ObjectGroupMember'>
}

/** Asks for objects that have all of these attributes. */
export function locateRequest(
  list: readonly Attribute[],
  bounds: LocateBounds,
  version: KmipVersion,
): LocateRequest {
  return hasTaggedAttributes(version) ? { ...bounds, attributes: list } : { ...bounds, attribute: list }
}
