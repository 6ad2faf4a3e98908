/**
 * What messages are about: versions, objects, attributes.
 * @module
 */
export { attributeReference, type VendorReference } from './attribute-reference.js'
export { type AttributeSet, collectAttributes, listAttributes } from './attribute-set.js'
export {
  type AttributeName,
  attributeNamed,
  attributeTable,
  hasAttribute,
} from './attribute-table.js'
export { revocationReason } from './attribute-values.js'
export {
  type Attribute,
  type AttributeValue,
  attribute,
  attributes,
  attributeTitle,
  type CustomAttribute,
  hasTaggedAttributes,
  type OtherAttribute,
} from './attributes.js'
export {
  authentication,
  type Credential,
  type DeviceCredential,
  deviceCredential,
  nonce,
  userCredential,
} from './credentials.js'
export {
  type CryptographicParameters,
  cryptographicParameters,
  rngParameters,
} from './cryptographic-parameters.js'
export { type KeyBlock, type KeyMaterial, type KeyValue, plainKeyValue } from './key-block.js'
export {
  type KeyWrappingData,
  type KeyWrappingSpecification,
  keyWrappingSpecification,
} from './key-wrapping.js'
export {
  type ManagedObject,
  objectFields,
  objectOf,
  toObjectFields,
} from './managed-objects.js'
export { plainName } from './names.js'
export { type IdReference, objectId } from './object-id.js'
export { type ProtocolVersion, protocolVersion, toProtocolVersion, versionText } from './protocol-version.js'
export { toSecretInteger } from './secret-integer.js'
export { storageMasks } from './storage-masks.js'
export { templateAttribute } from './template-attribute.js'
export type { TransparentKey } from './transparent-keys.js'
export { allowsUsage, type UsageBit, usageMask } from './usage-mask.js'
export { changedWith2 } from './version-dependent.js'
