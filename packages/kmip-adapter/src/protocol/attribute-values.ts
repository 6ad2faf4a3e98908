import {
  bytes,
  enumeration,
  type Infer,
  longInteger,
  maybe,
  one,
  type StructureKind,
  structure,
  text,
} from '../ttlv/index.js'
import { objectId } from './object-id.js'

const linkDef = structure('Link', {
  linkType: one('LinkType', enumeration('LinkType')),
  linkedObjectIdentifier: one('LinkedObjectIdentifier', objectId),
})
/** Another object that this one has to do with. KMIP 1.4, section 3.35. */
export interface Link extends Infer<typeof linkDef> {}
export const link: StructureKind<Link> = linkDef

const digestDef = structure('Digest', {
  hashingAlgorithm: one('HashingAlgorithm', enumeration('HashingAlgorithm')),
  digestValue: maybe('DigestValue', bytes),
  keyFormatType: maybe('KeyFormatType', enumeration('KeyFormatType'), { since: '1.1' }),
})
/** Digest of an object's value. KMIP 1.4, section 3.17. */
export interface Digest extends Infer<typeof digestDef> {}
export const digest: StructureKind<Digest> = digestDef

const usageLimitsDef = structure('UsageLimits', {
  usageLimitsTotal: one('UsageLimitsTotal', longInteger),
  usageLimitsCount: maybe('UsageLimitsCount', longInteger),
  usageLimitsUnit: one('UsageLimitsUnit', enumeration('UsageLimitsUnit')),
})
/** How much may be protected with a key, and how much is left. KMIP 1.4, section 3.21. */
export interface UsageLimits extends Infer<typeof usageLimitsDef> {}
export const usageLimits: StructureKind<UsageLimits> = usageLimitsDef

const applicationSpecificInformationDef = structure('ApplicationSpecificInformation', {
  applicationNamespace: one('ApplicationNamespace', text),
  applicationData: maybe('ApplicationData', text),
})
/** Data of an application about an object. KMIP 1.4, section 3.36. */
export interface ApplicationSpecificInformation extends Infer<typeof applicationSpecificInformationDef> {}
export const applicationSpecificInformation: StructureKind<ApplicationSpecificInformation> =
  applicationSpecificInformationDef

const keyValueLocationDef = structure('KeyValueLocation', {
  keyValueLocationValue: one('KeyValueLocationValue', text),
  keyValueLocationType: one('KeyValueLocationType', enumeration('KeyValueLocationType')),
})
/** Where a key value is that the server does not hold. KMIP 1.4, section 3.42. */
export interface KeyValueLocation extends Infer<typeof keyValueLocationDef> {}
export const keyValueLocation: StructureKind<KeyValueLocation> = keyValueLocationDef

const revocationReasonDef = structure('RevocationReason', {
  revocationReasonCode: one('RevocationReasonCode', enumeration('RevocationReasonCode')),
  revocationMessage: maybe('RevocationMessage', text),
})
/** Why an object may no longer be used. KMIP 1.4, section 3.31. */
export interface RevocationReason extends Infer<typeof revocationReasonDef> {}
export const revocationReason: StructureKind<RevocationReason> = revocationReasonDef
