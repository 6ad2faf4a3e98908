import { rngParameters, storageMasks } from '../protocol/index.js'
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
import {
  capabilityInformation,
  defaultsInformation,
  extensionInformation,
  profileInformation,
  serverInformation,
  validationInformation,
} from './server-information.js'

const since13 = { since: '1.3' } as const
const since20 = { since: '2.0' } as const

const requestDef = structure('RequestPayload', {
  queryFunction: many('QueryFunction', enumeration('QueryFunction')),
})
/** What the client wants to know. */
export interface QueryRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  operation: many('Operation', enumeration('Operation')),
  objectType: many('ObjectType', enumeration('ObjectType')),
  vendorIdentification: maybe('VendorIdentification', text),
  serverInformation: maybe('ServerInformation', serverInformation),
  applicationNamespace: many('ApplicationNamespace', text),
  extensionInformation: many('ExtensionInformation', extensionInformation, { since: '1.1' }),
  attestationType: many('AttestationType', enumeration('AttestationType'), { since: '1.2' }),
  rngParameters: many('RNGParameters', rngParameters, since13),
  profileInformation: many('ProfileInformation', profileInformation, since13),
  validationInformation: many('ValidationInformation', validationInformation, since13),
  capabilityInformation: many('CapabilityInformation', capabilityInformation, since13),
  clientRegistrationMethod: many(
    'ClientRegistrationMethod',
    enumeration('ClientRegistrationMethod'),
    since13,
  ),
  defaultsInformation: maybe('DefaultsInformation', defaultsInformation, since20),
  protectionStorageMasks: many('ProtectionStorageMasks', storageMasks, since20),
})
/** What the server tells of itself. */
export interface QueryResponse extends Infer<typeof responseDef> {}

/** Query. KMIP 1.4, section 4.25. */
export const query: Operation<QueryRequest, QueryResponse> = {
  name: 'Query',
  since: '1.0',
  repeatable: true,
  about: 'nothing',
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
