import { SecretBytes } from '@trusthold/core/bytes'
import type {
  CryptographicParameters,
  KeyValue,
  KeyWrappingSpecification,
  ManagedObject,
} from '../../protocol/index.js'
import { type Attribute, attributeNamed, hasTaggedAttributes, plainKeyValue } from '../../protocol/index.js'
import { encodeMessage } from '../../ttlv/index.js'
import { wrapBytes } from '../cryptography/key-wrap.js'
import type { OperationContext } from '../exchange/operation-context.js'
import { Refusal, refuse } from '../exchange/refusal.js'
import { loadObject, requireUsage } from './access.js'
import { namedAttributes } from './attribute-view.js'
import { keyBlockOf, secretOf, withKeyBlock } from './contents.js'
import { type HeldObject, valueIn, valuesIn } from './held-object.js'
import { requireProtecting } from './lifecycle.js'

async function loadWrappingKey(context: OperationContext, id: string): Promise<HeldObject> {
  try {
    const { object } = await loadObject(context, id)
    if (object.objectType !== 'SymmetricKey') {
      return refuse('IllegalObjectType', 'keys are wrapped with symmetric keys only')
    }
    requireProtecting(object, context.now)
    requireUsage(object, 'WrapKey')
    return object
  } catch (error) {
    throw error instanceof Refusal ? aboutWrappingKey(error) : error
  }
}

/** Says that it is the wrapping key, not the key itself, that stands in the way. */
function aboutWrappingKey({ reason, message }: Refusal): Refusal {
  const text = `the wrapping key: ${message}`
  if (reason === 'ItemNotFound') return new Refusal('WrappingObjectNotFound', text)
  if (reason === 'ObjectDestroyed') return new Refusal('WrappingObjectDestroyed', text)
  if (reason === 'ObjectArchived') return new Refusal('WrappingObjectArchived', text)
  return new Refusal(reason, text)
}

/** The attributes that travel with a key, when they are asked for. */
function travelling(
  object: HeldObject,
  titles: readonly string[],
  context: OperationContext,
): Partial<KeyValue> {
  if (titles.length === 0) return {}
  const names = new Set<unknown>(titles.map((title) => attributeNamed(title) ?? title))
  const isWanted = (attribute: Attribute): boolean =>
    attribute.name === 'Custom'
      ? names.has(`${attribute.vendor}-${attribute.title}`)
      : names.has(attribute.name)
  const list = namedAttributes(object, context, isWanted)
  return hasTaggedAttributes(context.version) ? { attributes: list } : { attribute: list }
}

/**
 * What is wrapped: the key bytes, or the whole Key Value in TTLV, which is what counts when the request does not say.
 * KMIP 1.4, section 2.1.5.
 */
function plainOf(
  content: ManagedObject,
  object: HeldObject,
  { attributeName = [], encodingOption }: KeyWrappingSpecification,
  context: OperationContext,
): Uint8Array {
  if (encodingOption === 'NoEncoding') {
    if (attributeName.length > 0) {
      return refuse('EncodingOptionError', 'attributes are wrapped in TTLV encoding only')
    }
    return secretOf(content).copy()
  }
  const value = keyBlockOf(content)?.keyValue
  if (value === undefined || value instanceof SecretBytes || !(value.keyMaterial instanceof SecretBytes)) {
    return refuse('KeyFormatTypeNotSupported', 'only keys that are bytes are wrapped')
  }
  return encodeMessage(
    plainKeyValue,
    { ...value, ...travelling(object, attributeName, context) },
    context.version,
  )
}

/**
 * Wraps an object's key with another key of the same owner.
 * @throws Refusal
 */
export async function wrapContent(
  content: ManagedObject,
  object: HeldObject,
  specification: KeyWrappingSpecification,
  context: OperationContext,
): Promise<ManagedObject> {
  const { wrappingMethod, encryptionKeyInformation: by, macSignatureKeyInformation } = specification
  if (wrappingMethod !== 'Encrypt' || macSignatureKeyInformation !== undefined) {
    return refuse('FeatureNotSupported', 'keys are wrapped by encryption only')
  }
  if (specification.encodingOption !== undefined && context.version === '1.0') {
    return refuse('EncodingOptionError', 'KMIP 1.0 has no Encoding Option, and no way to answer with one')
  }
  if (by === undefined) return refuse('MissingData', 'an Encryption Key Information is needed')
  const block = keyBlockOf(content)
  if (block === undefined) return refuse('IllegalObjectType', `a ${content.objectType} cannot be wrapped`)
  if (block.keyWrappingData !== undefined) return refuse('IllegalOperation', 'the key is wrapped already')
  const wrappingKey = await loadWrappingKey(context, by.uniqueIdentifier)
  const [first] = valuesIn(wrappingKey, 'CryptographicParameters')
  const parameters: CryptographicParameters | undefined = by.cryptographicParameters ?? first
  if (parameters === undefined) return refuse('MissingData', 'Cryptographic Parameters are needed')
  const algorithm = valueIn(wrappingKey, 'CryptographicAlgorithm') ?? 0
  const plain = plainOf(content, object, specification, context)
  try {
    const { data, iv } = secretOf(wrappingKey.content).use((bytes) =>
      wrapBytes({ algorithm, bytes }, plain, parameters, context.random),
    )
    const encodingOption = specification.encodingOption
    return withKeyBlock(content, {
      ...block,
      keyValue: context.server.wrapsInStructure
        ? { keyMaterial: SecretBytes.take(data) }
        : SecretBytes.take(data),
      keyWrappingData: {
        wrappingMethod: 'Encrypt',
        encryptionKeyInformation: by,
        ...(iv === undefined ? {} : { ivCounterNonce: iv }),
        ...(encodingOption === undefined ? {} : { encodingOption }),
      },
    })
  } finally {
    plain.fill(0)
  }
}
