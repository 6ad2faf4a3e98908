/**
 * What messages are about: versions, objects, attributes.
 * @module
 */
export { attributeReference } from './attribute-reference.js'
export {
  type Attribute,
  type AttributeName,
  type AttributeSet,
  attribute,
  attributes,
  attributeTable,
  collectAttributes,
  hasTaggedAttributes,
  type OtherAttribute,
} from './attributes.js'
export { type KeyBlock, symmetricKey } from './key-block.js'
export { plainName } from './names.js'
export { type ProtocolVersion, protocolVersion, toProtocolVersion, versionText } from './protocol-version.js'
export { templateAttribute } from './template-attribute.js'
export { type UsageBit, usageMask } from './usage-mask.js'
