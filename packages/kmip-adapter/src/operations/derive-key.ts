import { attributes, cryptographicParameters, objectId, templateAttribute } from '../protocol/index.js'
import {
  bytes,
  enumeration,
  type Infer,
  integer,
  many,
  maybe,
  one,
  type StructureKind,
  secret,
  structure,
  text,
} from '../ttlv/index.js'
import type { Operation } from './operation.js'

const derivationParametersDef = structure('DerivationParameters', {
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  initializationVector: maybe('InitializationVector', bytes),
  derivationData: maybe('DerivationData', secret),
  salt: maybe('Salt', bytes),
  iterationCount: maybe('IterationCount', integer),
})
/** What the derivation needs besides keys. KMIP 1.4, section 4.6. */
export interface DerivationParameters extends Infer<typeof derivationParametersDef> {}
const derivationParameters: StructureKind<DerivationParameters> = derivationParametersDef

const requestDef = structure('RequestPayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  uniqueIdentifier: many('UniqueIdentifier', objectId),
  derivationMethod: one('DerivationMethod', enumeration('DerivationMethod')),
  derivationParameters: one('DerivationParameters', derivationParameters),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
})
/** The keys and secrets to derive from, the method, and what the new object gets. */
export interface DeriveKeyRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
})
/** The key or secret that was derived. */
export interface DeriveKeyResponse extends Infer<typeof responseDef> {}

/** Derive Key. KMIP 1.4, section 4.6. */
export const deriveKey: Operation<DeriveKeyRequest, DeriveKeyResponse> = {
  name: 'DeriveKey',
  since: '1.0',
  repeatable: false,
  about: 'newObject',
  request: requestDef,
  response: responseDef,
}
