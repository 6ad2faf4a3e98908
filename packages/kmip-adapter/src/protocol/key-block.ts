import { SecretBytes } from '@trusthold/core/bytes'
import {
  bytes,
  either,
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
import { attribute } from './attributes.js'

const isSecret = (value: unknown): value is SecretBytes => value instanceof SecretBytes

const transparentKeyDef = structure('KeyMaterial', { key: maybe('Key', secret) })
/** Key material of a Transparent Symmetric Key. KMIP 1.4, section 2.1.7.1. */
export interface TransparentKey extends Infer<typeof transparentKeyDef> {}
const transparentKey: StructureKind<TransparentKey> = transparentKeyDef

const keyValueDef = structure('KeyValue', {
  keyMaterial: one('KeyMaterial', either(secret, transparentKey, isSecret)),
  attribute: many('Attribute', attribute, { until: '1.4' }),
})
/** Key material, and attributes that travel with it. KMIP 1.4, section 2.1.4. */
export interface KeyValue extends Infer<typeof keyValueDef> {}
const keyValue: StructureKind<KeyValue> = keyValueDef

const keyInformationDef = structure('EncryptionKeyInformation', {
  uniqueIdentifier: one('UniqueIdentifier', text),
})
/** Names the key that wraps or authenticates. KMIP 1.4, section 2.1.5. */
export interface KeyInformation extends Infer<typeof keyInformationDef> {}
const keyInformation: StructureKind<KeyInformation> = keyInformationDef

const keyWrappingDataDef = structure('KeyWrappingData', {
  wrappingMethod: one('WrappingMethod', enumeration('WrappingMethod')),
  encryptionKeyInformation: maybe('EncryptionKeyInformation', keyInformation),
  macSignatureKeyInformation: maybe('MACSignatureKeyInformation', keyInformation),
  macSignature: maybe('MACSignature', bytes),
  ivCounterNonce: maybe('IVCounterNonce', bytes),
  encodingOption: maybe('EncodingOption', enumeration('EncodingOption'), { since: '1.1' }),
})
/** How a key value is wrapped; its presence says that it is. KMIP 1.4, section 2.1.5. */
export interface KeyWrappingData extends Infer<typeof keyWrappingDataDef> {}
const keyWrappingData: StructureKind<KeyWrappingData> = keyWrappingDataDef

const keyBlockDef = structure('KeyBlock', {
  keyFormatType: one('KeyFormatType', enumeration('KeyFormatType')),
  keyCompressionType: maybe('KeyCompressionType', enumeration('KeyCompressionType')),
  keyValue: maybe('KeyValue', either(secret, keyValue, isSecret)),
  cryptographicAlgorithm: maybe('CryptographicAlgorithm', enumeration('CryptographicAlgorithm')),
  cryptographicLength: maybe('CryptographicLength', integer),
  keyWrappingData: maybe('KeyWrappingData', keyWrappingData),
})
/**
 * A key and what it is. The key value is secret bytes when it is wrapped; some servers then send a structure all the
 * same. KMIP 1.4, section 2.1.3.
 */
export interface KeyBlock extends Infer<typeof keyBlockDef> {}
const keyBlock: StructureKind<KeyBlock> = keyBlockDef

const symmetricKeyDef = structure('SymmetricKey', { keyBlock: one('KeyBlock', keyBlock) })
/** A symmetric key. KMIP 1.4, section 2.2.2. */
export interface SymmetricKey extends Infer<typeof symmetricKeyDef> {}
export const symmetricKey: StructureKind<SymmetricKey> = symmetricKeyDef
