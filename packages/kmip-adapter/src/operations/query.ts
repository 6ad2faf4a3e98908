import {
  type Enumerated,
  enumeration,
  type Infer,
  isAtLeast,
  type KmipVersion,
  many,
  maybe,
  structure,
  text,
} from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  queryFunction: many('QueryFunction', enumeration('QueryFunction')),
})
/** What the client wants to know. */
export interface QueryRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  operation: many('Operation', enumeration('Operation')),
  objectType: many('ObjectType', enumeration('ObjectType')),
  vendorIdentification: maybe('VendorIdentification', text),
  applicationNamespace: many('ApplicationNamespace', text),
})
/** What the server tells of itself; what else it sends is under `unknown`. */
export interface QueryResponse extends Infer<typeof responseDef> {}

/** Query. KMIP 1.4, section 4.25. */
export const query: Operation<QueryRequest, QueryResponse> = {
  name: 'Query',
  since: '1.0',
  repeatable: true,
  request: requestDef,
  response: responseDef,
}

/** A question of Query, by its name. */
export type QueryFunction = Exclude<Enumerated<'QueryFunction'>, number>

const laterFunctions: Readonly<Partial<Record<QueryFunction, KmipVersion>>> = {
  QueryExtensionList: '1.1',
  QueryExtensionMap: '1.1',
  QueryAttestationTypes: '1.2',
  QueryRNGs: '1.3',
  QueryValidations: '1.3',
  QueryProfiles: '1.3',
  QueryCapabilities: '1.3',
  QueryClientRegistrationMethods: '1.3',
  QueryDefaultsInformation: '2.0',
  QueryStorageProtectionMasks: '2.0',
}

/** Asks those of the questions that the version has. */
export function queryRequest(functions: readonly QueryFunction[], version: KmipVersion): QueryRequest {
  return { queryFunction: functions.filter((name) => isAtLeast(version, laterFunctions[name] ?? '1.0')) }
}
