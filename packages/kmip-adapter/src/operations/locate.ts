import { type Attribute, attribute, attributes, hasTaggedAttributes } from '../protocol/index.js'
import { type Infer, integer, type KmipVersion, many, maybe, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  maximumItems: maybe('MaximumItems', integer),
  offsetItems: maybe('OffsetItems', integer, { since: '1.3' }),
  storageStatusMask: maybe('StorageStatusMask', integer),
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
  request: requestDef,
  response: responseDef,
}

/** Asks for objects that have all of these attributes. */
export function locateRequest(
  list: readonly Attribute[],
  maximumItems: number | undefined,
  version: KmipVersion,
): LocateRequest {
  const limit = maximumItems === undefined ? {} : { maximumItems }
  return hasTaggedAttributes(version) ? { ...limit, attributes: list } : { ...limit, attribute: list }
}
