import {
  bytes,
  enumeration,
  type Infer,
  many,
  maybe,
  one,
  type StructureKind,
  structure,
  text,
} from '../ttlv/index.js'
import { cryptographicParameters } from './cryptographic-parameters.js'

const keyInformationDef = structure('EncryptionKeyInformation', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
})
/** Names the key that wraps or authenticates, and says how. KMIP 1.4, section 2.1.5. */
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
/**
 * How a key value is wrapped; its presence says that it is. What was wrapped is the TTLV encoding of the key value
 * unless the Encoding Option says otherwise. KMIP 1.4, section 2.1.5.
 */
export interface KeyWrappingData extends Infer<typeof keyWrappingDataDef> {}
export const keyWrappingData: StructureKind<KeyWrappingData> = keyWrappingDataDef

const keyWrappingSpecificationDef = structure('KeyWrappingSpecification', {
  wrappingMethod: one('WrappingMethod', enumeration('WrappingMethod')),
  encryptionKeyInformation: maybe('EncryptionKeyInformation', keyInformation),
  macSignatureKeyInformation: maybe('MACSignatureKeyInformation', keyInformation),
  attributeName: many('AttributeName', text),
  encodingOption: maybe('EncodingOption', enumeration('EncodingOption'), { since: '1.1' }),
})
/** How a key is to be wrapped before it is returned. KMIP 1.4, section 2.1.6. */
export interface KeyWrappingSpecification extends Infer<typeof keyWrappingSpecificationDef> {}
export const keyWrappingSpecification: StructureKind<KeyWrappingSpecification> = keyWrappingSpecificationDef
