import type { AttributeName } from '../../protocol/index.js'

/** What clients may do with an attribute. */
export interface AttributeRule {
  /** Give it to an object that is made or registered. */
  readonly create: boolean
  /** Add it to an object, and change it. */
  readonly change: boolean
  readonly delete: boolean
}

const byServer: AttributeRule = { create: false, change: false, delete: false }
const atCreation: AttributeRule = { create: true, change: false, delete: false }
const untilReached: AttributeRule = { create: true, change: true, delete: false }
const byClient: AttributeRule = { create: true, change: true, delete: true }

/**
 * What clients may do with each attribute; with those that are not here, nothing. KMIP 1.4, the rules of each attribute
 * in section 3; KMIP 2.1, section 4.
 */
const rules: Readonly<Partial<Record<AttributeName, AttributeRule>>> = {
  Name: byClient,
  CryptographicAlgorithm: atCreation,
  CryptographicLength: atCreation,
  CryptographicParameters: byClient,
  CryptographicDomainParameters: atCreation,
  CryptographicUsageMask: atCreation,
  OperationPolicyName: atCreation,
  UsageLimits: byClient,
  ActivationDate: untilReached,
  ProcessStartDate: untilReached,
  ProtectStopDate: untilReached,
  DeactivationDate: untilReached,
  ObjectGroup: byClient,
  Link: byClient,
  ApplicationSpecificInformation: byClient,
  ContactInformation: byClient,
  AlternativeName: byClient,
  OriginalCreationDate: atCreation,
  PKCS_12FriendlyName: byClient,
  Description: byClient,
  Comment: byClient,
  Sensitive: untilReached,
  Extractable: untilReached,
  NISTKeyType: atCreation,
  OpaqueDataType: atCreation,
  QuantumSafe: byClient,
}

/** What clients may do with an attribute. Custom ones of the vendor `y` are the server's, all others the clients'. */
export function ruleOf(name: AttributeName | 'Custom' | 'Other', vendor?: string): AttributeRule {
  if (name === 'Custom') return vendor === 'y' ? byServer : byClient
  return name === 'Other' ? byServer : (rules[name] ?? byServer)
}
