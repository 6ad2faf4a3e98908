import { attributes, changedWith2 } from '../protocol/index.js'
import {
  boolean,
  enumeration,
  type Infer,
  integer,
  many,
  maybe,
  one,
  type StructureKind,
  structure,
  text,
} from '../ttlv/index.js'

const since20 = { since: '2.0' } as const

const serverInformationDef = structure('ServerInformation', {
  serverName: maybe('ServerName', text, since20),
  serverSerialNumber: maybe('ServerSerialNumber', text, since20),
  serverVersion: maybe('ServerVersion', text, since20),
  serverLoad: maybe('ServerLoad', text, since20),
  productName: maybe('ProductName', text, since20),
  buildLevel: maybe('BuildLevel', text, since20),
  buildDate: maybe('BuildDate', text, since20),
  clusterInfo: maybe('ClusterInfo', text, since20),
  alternateFailoverEndpoints: many('AlternateFailoverEndpoints', text, since20),
})
/** The server in its vendor's words; before KMIP 2.0 all of it is under `unknown`. KMIP 2.1, section 7.31. */
export interface ServerInformation extends Infer<typeof serverInformationDef> {}
export const serverInformation: StructureKind<ServerInformation> = serverInformationDef

/** The number of an item type before KMIP 2.0, the item type since. */
const extensionType = changedWith2(
  integer,
  enumeration('ItemType'),
  (value): value is number => typeof value === 'number',
)

const extensionInformationDef = structure('ExtensionInformation', {
  extensionName: one('ExtensionName', text),
  extensionTag: maybe('ExtensionTag', integer),
  extensionType: maybe('ExtensionType', extensionType),
  extensionEnumeration: maybe('ExtensionEnumeration', integer, since20),
  extensionAttribute: maybe('ExtensionAttribute', boolean, since20),
  extensionParentStructureTag: maybe('ExtensionParentStructureTag', integer, since20),
  extensionDescription: maybe('ExtensionDescription', text, since20),
})
/** A tag that the server has besides those of the standard. KMIP 1.4, section 2.1.9. */
export interface ExtensionInformation extends Infer<typeof extensionInformationDef> {}
export const extensionInformation: StructureKind<ExtensionInformation> = extensionInformationDef

const profileVersionDef = structure('ProfileVersion', {
  profileVersionMajor: one('ProfileVersionMajor', integer),
  profileVersionMinor: one('ProfileVersionMinor', integer),
})

const profileInformationDef = structure('ProfileInformation', {
  profileName: one('ProfileName', enumeration('ProfileName')),
  profileVersion: maybe('ProfileVersion', profileVersionDef, since20),
  serverUri: maybe('ServerURI', text),
  serverPort: maybe('ServerPort', integer),
})
/** A profile that the server keeps to. KMIP 1.4, section 2.1.20. */
export interface ProfileInformation extends Infer<typeof profileInformationDef> {}
export const profileInformation: StructureKind<ProfileInformation> = profileInformationDef

const validationInformationDef = structure('ValidationInformation', {
  validationAuthorityType: one('ValidationAuthorityType', enumeration('ValidationAuthorityType')),
  validationAuthorityCountry: maybe('ValidationAuthorityCountry', text),
  validationAuthorityUri: maybe('ValidationAuthorityURI', text),
  validationVersionMajor: one('ValidationVersionMajor', integer),
  validationVersionMinor: maybe('ValidationVersionMinor', integer),
  validationType: one('ValidationType', enumeration('ValidationType')),
  validationLevel: one('ValidationLevel', integer),
  validationCertificateIdentifier: maybe('ValidationCertificateIdentifier', text),
  validationCertificateUri: maybe('ValidationCertificateURI', text),
  validationVendorUri: maybe('ValidationVendorURI', text),
  validationProfile: many('ValidationProfile', text),
})
/** A certification that the server has. KMIP 1.4, section 2.1.21. */
export interface ValidationInformation extends Infer<typeof validationInformationDef> {}
export const validationInformation: StructureKind<ValidationInformation> = validationInformationDef

const capabilityInformationDef = structure('CapabilityInformation', {
  streamingCapability: maybe('StreamingCapability', boolean),
  asynchronousCapability: maybe('AsynchronousCapability', boolean),
  attestationCapability: maybe('AttestationCapability', boolean),
  batchUndoCapability: maybe('BatchUndoCapability', boolean, { since: '1.4' }),
  batchContinueCapability: maybe('BatchContinueCapability', boolean, { since: '1.4' }),
  unwrapMode: maybe('UnwrapMode', enumeration('UnwrapMode')),
  destroyAction: maybe('DestroyAction', enumeration('DestroyAction')),
  shreddingAlgorithm: maybe('ShreddingAlgorithm', enumeration('ShreddingAlgorithm')),
  rngMode: maybe('RNGMode', enumeration('RNGMode')),
  quantumSafeCapability: maybe('QuantumSafeCapability', boolean, { since: '2.1' }),
})
/** What the server can do. KMIP 1.4, section 2.1.22. */
export interface CapabilityInformation extends Infer<typeof capabilityInformationDef> {}
export const capabilityInformation: StructureKind<CapabilityInformation> = capabilityInformationDef

const objectDefaultsDef = structure('ObjectDefaults', {
  objectType: maybe('ObjectType', enumeration('ObjectType')),
  attributes: maybe('Attributes', attributes),
})
const defaultsInformationDef = structure('DefaultsInformation', {
  objectDefaults: many('ObjectDefaults', objectDefaultsDef),
})
/** The attributes that new objects get when the request does not say. KMIP 2.1, section 7.9. */
export interface DefaultsInformation extends Infer<typeof defaultsInformationDef> {}
export const defaultsInformation: StructureKind<DefaultsInformation> = defaultsInformationDef
