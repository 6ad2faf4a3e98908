import type { SecretBytes } from '@trusthold/core/bytes'
import { type ManagedKey, toManagedKey } from '../managed-key.js'
import { protocolError } from '../messages/index.js'
import {
  attributesOf,
  exportObject as exportOperation,
  type GetResponse,
  get as getOperation,
} from '../operations/index.js'
import {
  type AttributeSet,
  collectAttributes,
  type KeyBlock,
  type KeyWrappingData,
  type ManagedObject,
  objectOf,
} from '../protocol/index.js'
import { type Enumerated, isAtLeast } from '../ttlv/index.js'
import { type Command, command, type ObjectRef, subjectField, unsupported } from './command.js'

/** A symmetric key with its material, in whatever state it is. */
export function get(ref: ObjectRef): Command<ManagedKey> {
  return command(
    getOperation,
    ref,
    () => subjectField(ref),
    (answer) => toManagedKey(typeof ref === 'string' ? ref : answer.uniqueIdentifier, answer),
  )
}

/** The form in which an object is wanted; the server's choice when absent. */
export interface ObjectForm {
  readonly format?: Exclude<Enumerated<'KeyFormatType'>, number>
  readonly compression?: Exclude<Enumerated<'KeyCompressionType'>, number>
  /** Whether a key that was registered wrapped comes so. KMIP 1.4 and later. */
  readonly wrapType?: Exclude<Enumerated<'KeyWrapType'>, number>
}

function formFields({ format, compression, wrapType }: ObjectForm) {
  return {
    ...(format === undefined ? {} : { keyFormatType: format }),
    ...(wrapType === undefined ? {} : { keyWrapType: wrapType }),
    ...(compression === undefined ? {} : { keyCompressionType: compression }),
  }
}

function requireObject(operation: 'Get' | 'Export', answer: GetResponse): ManagedObject {
  const object = objectOf(answer)
  if (object !== undefined) return object
  throw protocolError(operation, `the answer does not hold one object of type ${answer.objectType}`)
}

/** An object of any type. What of it is secret, the caller wipes. */
export function getObject(ref: ObjectRef, form: ObjectForm = {}): Command<ManagedObject> {
  return command(
    getOperation,
    ref,
    () => ({ ...subjectField(ref), ...formFields(form) }),
    (answer) => requireObject('Get', answer),
  )
}

/** An object with all that the server knows of it. */
export interface ExportedObject {
  readonly object: ManagedObject
  readonly attributes: AttributeSet
}

/** An object of any type with all its attributes. KMIP 1.4 and later. */
export function exportObject(ref: ObjectRef, form: ObjectForm = {}): Command<ExportedObject> {
  return command(
    exportOperation,
    ref,
    () => ({ ...subjectField(ref), ...formFields(form) }),
    (answer) => ({
      object: requireObject('Export', answer),
      attributes: collectAttributes('Export', attributesOf(answer)),
    }),
  )
}

type Encoding = Exclude<Enumerated<'EncodingOption'>, number>

/** How a key is to be wrapped. */
export interface Wrapping {
  /** Id of the key that wraps; it has to be active, and allowed to wrap. */
  readonly wrappingKey: string
  /** `NISTKeyWrap` (RFC 3394) by default. */
  readonly mode?: Exclude<Enumerated<'BlockCipherMode'>, number>
  /**
   * What is wrapped: the bytes of the key (`NoEncoding`, the default, which needs KMIP 1.1), or its key value in TTLV.
   */
  readonly encoding?: Encoding
}

/** A key that left the server wrapped. */
export interface WrappedKey {
  readonly id: string
  readonly objectType: 'SymmetricKey' | 'PrivateKey' | 'SecretData'
  readonly format: Enumerated<'KeyFormatType'>
  readonly algorithm: Enumerated<'CryptographicAlgorithm'> | undefined
  /** Length of the key in bits, as the server says it. */
  readonly length: number | undefined
  readonly wrapped: Uint8Array
  readonly wrapping: Required<Wrapping>
}

/** The wrapped bytes: the key value, or what is in it with servers that send a structure all the same (PyKMIP). */
function wrappedBytes({ keyValue }: KeyBlock): Uint8Array | undefined {
  const value: unknown = keyValue !== undefined && 'keyMaterial' in keyValue ? keyValue.keyMaterial : keyValue
  return isSecretBytes(value) ? value.copy() : undefined
}

function isSecretBytes(value: unknown): value is SecretBytes {
  return typeof value === 'object' && value !== null && 'copy' in value && 'wipe' in value
}

function wrappingFault(data: KeyWrappingData | undefined, wanted: Required<Wrapping>): string | undefined {
  if (data === undefined) return 'the key came in the clear'
  const { wrappingMethod, encryptionKeyInformation: by, encodingOption = 'TTLVEncoding' } = data
  if (wrappingMethod !== 'Encrypt') return `the key is wrapped by ${wrappingMethod}`
  if (by?.uniqueIdentifier !== wanted.wrappingKey) return 'the key is wrapped by another key'
  const mode = by.cryptographicParameters?.blockCipherMode ?? wanted.mode
  if (mode !== wanted.mode) return `the key is wrapped in the mode ${mode}`
  return encodingOption === wanted.encoding ? undefined : `what is wrapped is of the form ${encodingOption}`
}

function toWrappedKey(answer: GetResponse, wrapping: Required<Wrapping>): WrappedKey {
  const found = requireObject('Get', answer)
  const { objectType } = found
  if (objectType !== 'SymmetricKey' && objectType !== 'PrivateKey' && objectType !== 'SecretData') {
    throw protocolError('Get', `a ${objectType} is not wrapped`)
  }
  const { keyBlock } = found.object
  const fault = wrappingFault(keyBlock.keyWrappingData, wrapping)
  if (fault !== undefined) throw protocolError('Get', fault)
  const wrapped = wrappedBytes(keyBlock)
  if (wrapped === undefined) throw protocolError('Get', 'the answer has no wrapped key')
  const { keyFormatType: format, cryptographicAlgorithm: algorithm, cryptographicLength: length } = keyBlock
  return { id: answer.uniqueIdentifier, objectType, format, algorithm, length, wrapped, wrapping }
}

/** A key, wrapped by another one in the server. */
export function getWrapped(ref: ObjectRef, wanted: Wrapping): Command<WrappedKey> {
  const wrapping = { mode: 'NISTKeyWrap', encoding: 'NoEncoding', ...wanted } as const
  const { wrappingKey, mode, encoding } = wrapping
  return command(
    getOperation,
    ref,
    (version) => {
      if (encoding === 'NoEncoding' && !isAtLeast(version, '1.1')) {
        throw unsupported('Get', 'wrapping the bytes of a key needs KMIP 1.1')
      }
      return {
        ...subjectField(ref),
        keyWrappingSpecification: {
          wrappingMethod: 'Encrypt' as const,
          encryptionKeyInformation: {
            uniqueIdentifier: wrappingKey,
            cryptographicParameters: { blockCipherMode: mode },
          },
          ...(isAtLeast(version, '1.1') ? { encodingOption: encoding } : {}),
        },
      }
    },
    (answer) => toWrappedKey(answer, wrapping),
  )
}
