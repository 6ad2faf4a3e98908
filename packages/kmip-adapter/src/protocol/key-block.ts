import { SecretBytes } from '@trusthold/core/bytes'
import {
  dependent,
  either,
  enumeration,
  type Infer,
  integer,
  type Kind,
  many,
  maybe,
  one,
  type StructureKind,
  secret,
  structure,
} from '../ttlv/index.js'
import { attribute, attributes } from './attributes.js'
import { keyWrappingData } from './key-wrapping.js'
import { type TransparentKey, transparentKinds } from './transparent-keys.js'

const isSecret = (value: unknown): value is SecretBytes => value instanceof SecretBytes

const foreignMaterialDef = structure('KeyMaterial', {})
/** Key material of a format that is not known here: all of it is under `unknown`. */
export interface ForeignKeyMaterial extends Infer<typeof foreignMaterialDef> {}
const foreignMaterial: StructureKind<ForeignKeyMaterial> = foreignMaterialDef

/** Key material: bytes, or a key that is taken apart. */
export type KeyMaterial = SecretBytes | TransparentKey | ForeignKeyMaterial

function defineKeyValue(material: Kind<KeyMaterial>) {
  return structure('KeyValue', {
    keyMaterial: one('KeyMaterial', material),
    attribute: many('Attribute', attribute, { until: '1.4' }),
    attributes: maybe('Attributes', attributes, { since: '2.0' }),
  })
}
/** Key material, and attributes that travel with it. KMIP 1.4, section 2.1.4. */
export interface KeyValue extends Infer<ReturnType<typeof defineKeyValue>> {}

/**
 * A key value whose material is bytes, in TTLV: what is wrapped when not only the bytes are. Refuses key material of
 * another form.
 */
export const plainKeyValue: StructureKind<KeyValue> = defineKeyValue(secret)

/** A key value is secret bytes when it is wrapped; some servers then send a structure all the same. */
function keyValueOf(structured: Kind<TransparentKey | ForeignKeyMaterial>): Kind<SecretBytes | KeyValue> {
  return either(secret, defineKeyValue(either(secret, structured, isSecret)), isSecret)
}

const foreignKeyValue = keyValueOf(foreignMaterial)
const keyValuesByFormat: ReadonlyMap<unknown, Kind<SecretBytes | KeyValue>> = new Map(
  Object.entries(transparentKinds).map(([format, kind]) => [format, keyValueOf(kind)]),
)

const keyBlockDef = structure('KeyBlock', {
  keyFormatType: one('KeyFormatType', enumeration('KeyFormatType')),
  keyCompressionType: maybe('KeyCompressionType', enumeration('KeyCompressionType')),
  keyValue: dependent(
    'KeyValue',
    ({ keyFormatType }) => keyValuesByFormat.get(keyFormatType) ?? foreignKeyValue,
  ),
  cryptographicAlgorithm: maybe('CryptographicAlgorithm', enumeration('CryptographicAlgorithm')),
  cryptographicLength: maybe('CryptographicLength', integer),
  keyWrappingData: maybe('KeyWrappingData', keyWrappingData),
})
/** A key and what it is. The key value is absent when the server does not have it. KMIP 1.4, section 2.1.3. */
export interface KeyBlock extends Infer<typeof keyBlockDef> {}
export const keyBlock: StructureKind<KeyBlock> = keyBlockDef
