import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { SecretBytes } from '@trusthold/core/bytes'
import type { Attribute, KeyBlock, KeyMaterial, ManagedObject } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { describeKey, readKey } from '../cryptography/asymmetric-keys.js'
import { symmetricAlgorithms } from '../cryptography/cipher-table.js'
import { materialFromTransparent } from '../cryptography/transparent-keys.js'
import { refuse } from '../exchange/refusal.js'

/** An object as it is kept, and the attributes that it says of itself. */
export interface AdmittedContent {
  readonly content: ManagedObject
  readonly attributes: readonly Attribute[]
}

/** The key block of an object; undefined for one that has none. */
export function keyBlockOf({ object }: ManagedObject): KeyBlock | undefined {
  return 'keyBlock' in object ? object.keyBlock : undefined
}

/** The object with another key block. */
export function withKeyBlock(content: ManagedObject, keyBlock: KeyBlock): ManagedObject {
  return { ...content, object: { ...content.object, keyBlock } } as ManagedObject
}

/** The key material of a block; undefined when it is wrapped or absent. */
function materialOf({ keyValue, keyWrappingData }: KeyBlock): KeyMaterial | undefined {
  return keyValue === undefined || keyWrappingData !== undefined || keyValue instanceof SecretBytes
    ? undefined
    : keyValue.keyMaterial
}

/**
 * The bytes of a key or secret, as they are kept.
 * @throws Refusal for objects that have none, or have them wrapped
 */
export function secretOf(content: ManagedObject | undefined): SecretBytes {
  const block = content && keyBlockOf(content)
  const material = block && materialOf(block)
  if (material instanceof SecretBytes) return material
  return block?.keyWrappingData === undefined
    ? refuse('IllegalOperation', 'the object holds no key')
    : refuse('IllegalOperation', 'the key is wrapped, as it was registered')
}

/** The same object with a copy of its bytes, which outlives the object. @param copy makes the copy of a secret */
export function copyContent(
  content: ManagedObject,
  copy: (secret: SecretBytes) => SecretBytes,
): ManagedObject {
  if (content.objectType === 'OpaqueObject') {
    const { object } = content
    return { ...content, object: { ...object, opaqueDataValue: copy(object.opaqueDataValue) } }
  }
  const block = keyBlockOf(content)
  const value = block?.keyValue
  if (block === undefined || value === undefined) return content
  if (value instanceof SecretBytes) return withKeyBlock(content, { ...block, keyValue: copy(value) })
  if (!(value.keyMaterial instanceof SecretBytes)) return content
  return withKeyBlock(content, { ...block, keyValue: { ...value, keyMaterial: copy(value.keyMaterial) } })
}

/** Overwrites what an object holds that is secret. */
export function wipeContent(content: ManagedObject): void {
  if (content.objectType === 'OpaqueObject') content.object.opaqueDataValue.wipe()
  const value = keyBlockOf(content)?.keyValue
  if (value instanceof SecretBytes) value.wipe()
  else if (value?.keyMaterial instanceof SecretBytes) value.keyMaterial.wipe()
}

/** A key of a pair, ready for use. @throws Refusal */
export function asymmetricKey(content: ManagedObject | undefined): KeyObject {
  if (content?.objectType !== 'PrivateKey' && content?.objectType !== 'PublicKey') {
    return refuse('IllegalObjectType', 'the object is not a key of a pair')
  }
  const format = content.object.keyBlock.keyFormatType
  return secretOf(content).use((der) => readKey(content.objectType, format, der))
}

function digestOf(bytes: Uint8Array, keyFormatType?: Enumerated<'KeyFormatType'>): Attribute {
  const digestValue = new Uint8Array(createHash('sha256').update(bytes).digest())
  const format = keyFormatType === undefined ? {} : { keyFormatType }
  return { name: 'Digest', value: { hashingAlgorithm: 'SHA_256', digestValue, ...format } }
}

function keyAttributes(block: KeyBlock): Attribute[] {
  const { cryptographicAlgorithm, cryptographicLength } = block
  return [
    ...(cryptographicAlgorithm === undefined
      ? []
      : [{ name: 'CryptographicAlgorithm', value: cryptographicAlgorithm } as const]),
    ...(cryptographicLength === undefined
      ? []
      : [{ name: 'CryptographicLength', value: cryptographicLength } as const]),
  ]
}

type Claims = Pick<KeyBlock, 'cryptographicAlgorithm' | 'cryptographicLength'>

function admitSymmetric(block: KeyBlock, bytes: SecretBytes): KeyBlock {
  const { cryptographicAlgorithm: algorithm, cryptographicLength: claimed } = block
  if (algorithm === undefined) return refuse('MissingData', 'a Cryptographic Algorithm is needed')
  const length = bytes.length * 8
  const isShortDes = algorithm === 'DES3' && length === 192 && claimed === 168
  if (claimed !== undefined && claimed !== length && !isShortDes) {
    return refuse(
      'InvalidField',
      `the key has ${length} bits, not the ${claimed} of its Cryptographic Length`,
    )
  }
  const known = typeof algorithm === 'string' ? symmetricAlgorithms[algorithm] : undefined
  if (length === 0 || (known?.lengths !== undefined && !known.lengths.includes(length))) {
    return refuse('InvalidField', `an ${algorithm} key does not have ${length} bits`)
  }
  return {
    keyFormatType: 'Raw',
    keyValue: { keyMaterial: bytes },
    cryptographicAlgorithm: algorithm,
    cryptographicLength: claimed ?? length,
  }
}

const ecNames: readonly unknown[] = ['EC', 'ECDSA', 'ECDH', 'ECMQV']

function admitAsymmetric(
  half: 'PublicKey' | 'PrivateKey',
  { keyFormatType, cryptographicAlgorithm: algorithm, cryptographicLength: claimed }: KeyBlock,
  bytes: SecretBytes,
): KeyBlock {
  const described = describeKey(bytes.use((der) => readKey(half, keyFormatType, der)))
  if (described === undefined) return refuse('InvalidField', 'a key of this kind or curve is not supported')
  const fits =
    algorithm === undefined ||
    algorithm === described.algorithm ||
    (described.algorithm === 'EC' && ecNames.includes(algorithm))
  if (!fits || (claimed !== undefined && claimed !== described.length)) {
    const found = `${described.algorithm} key of ${described.length} bits`
    return refuse('InvalidField', `it is an ${found}, not what its attributes say`)
  }
  return {
    keyFormatType,
    keyValue: { keyMaterial: bytes },
    cryptographicAlgorithm: algorithm ?? described.algorithm,
    cryptographicLength: described.length,
  }
}

/** Key material as bytes, with the format that they are in. */
function toBytes(block: KeyBlock): KeyBlock & { readonly bytes: SecretBytes } {
  const material = materialOf(block)
  if (material === undefined) return refuse('MissingData', 'the object has no Key Value')
  if (material instanceof SecretBytes) {
    if (material.length === 0) return refuse('InvalidField', 'the key material is empty')
    return { ...block, bytes: material }
  }
  return { ...block, ...materialFromTransparent(block.keyFormatType, material) }
}

function admitBlock(type: ManagedObject['objectType'], block: KeyBlock): KeyBlock {
  if (block.keyCompressionType !== undefined) {
    return refuse('KeyCompressionTypeNotSupported', 'compressed keys are not supported')
  }
  const { bytes, ...plain } = toBytes(block)
  if (type === 'SymmetricKey') return admitSymmetric(plain, bytes)
  if (type === 'PrivateKey' || type === 'PublicKey') return admitAsymmetric(type, plain, bytes)
  return { ...plain, keyValue: { keyMaterial: bytes } }
}

/**
 * Checks an object and brings it into the form in which it is kept: keys as bytes, taken together when they came taken
 * apart. A wrapped key is kept as it is.
 * @param claims what the request's attributes say of a key whose block does not
 * @throws Refusal
 */
export function admitContent(given: ManagedObject, claims: Claims): AdmittedContent {
  const block = keyBlockOf(given)
  if (block !== undefined) {
    const claimed = mergeClaims(block, claims)
    if (block.keyWrappingData !== undefined) {
      return { content: withKeyBlock(given, claimed), attributes: keyAttributes(claimed) }
    }
    const admitted = admitBlock(given.objectType, claimed)
    const content = withKeyBlock(given, admitted)
    const digest = secretOf(content).use((bytes) => digestOf(bytes, admitted.keyFormatType))
    return { content, attributes: [...keyAttributes(admitted), digest] }
  }
  switch (given.objectType) {
    case 'Certificate':
      return { content: given, attributes: certificateAttributes(given.object) }
    case 'OpaqueObject':
      return { content: given, attributes: [given.object.opaqueDataValue.use((bytes) => digestOf(bytes))] }
    case 'CertificateRequest':
      return { content: given, attributes: [digestOf(given.object.certificateRequestValue)] }
    default:
      return refuse('InvalidObjectType', `an object of type ${given.objectType} is not supported`)
  }
}

function mergeClaims(block: KeyBlock, claims: Claims): KeyBlock {
  for (const key of ['cryptographicAlgorithm', 'cryptographicLength'] as const) {
    const [inBlock, inAttributes] = [block[key], claims[key]]
    if (inBlock !== undefined && inAttributes !== undefined && inBlock !== inAttributes) {
      return refuse('InvalidField', 'the attributes and the key block say different things of the key')
    }
  }
  return { ...claims, ...block }
}

function certificateAttributes({
  certificateType,
  certificateValue,
}: Extract<ManagedObject, { objectType: 'Certificate' }>['object']): Attribute[] {
  const general: Attribute[] = [
    { name: 'CertificateType', value: certificateType },
    { name: 'CertificateLength', value: certificateValue.length },
    digestOf(certificateValue),
  ]
  if (certificateType !== 'X_509') return general
  try {
    const described = describeKey(new X509Certificate(certificateValue).publicKey)
    if (described === undefined) return general
    return [
      ...general,
      { name: 'CryptographicAlgorithm', value: described.algorithm },
      { name: 'CryptographicLength', value: described.length },
    ]
  } catch {
    return refuse('InvalidField', 'the Certificate Value is not an X.509 certificate')
  }
}
