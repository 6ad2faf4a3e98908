import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import type { RandomSource } from '@trusthold/core/ports'
import type { CryptographicParameters } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'
import { type CipherMode, symmetricAlgorithms } from './cipher-table.js'
import { pad, unpad } from './padding.js'

/** A symmetric key, ready for use. */
export interface SymmetricKeyMaterial {
  readonly algorithm: Enumerated<'CryptographicAlgorithm'>
  readonly bytes: Uint8Array
}

/** What goes in. */
export interface CipherInput {
  readonly data: Uint8Array
  readonly iv?: Uint8Array | undefined
  /** Additional data that is authenticated. */
  readonly additionalData?: Uint8Array | undefined
  readonly tag?: Uint8Array | undefined
}

/** What comes out. `iv` is there when it was made here. */
export interface CipherOutput {
  readonly data: Uint8Array
  readonly iv?: Uint8Array
  readonly tag?: Uint8Array
}

const defaultTagLength = 16

function chooseMode(key: SymmetricKeyMaterial, parameters: CryptographicParameters): CipherMode {
  const { blockCipherMode, cryptographicAlgorithm } = parameters
  if (cryptographicAlgorithm !== undefined && cryptographicAlgorithm !== key.algorithm) {
    return refuse(
      'BadCryptographicParameters',
      `the key is for ${key.algorithm}, not ${cryptographicAlgorithm}`,
    )
  }
  const algorithm = typeof key.algorithm === 'string' ? symmetricAlgorithms[key.algorithm] : undefined
  const own = algorithm?.modes['none']
  if (own !== undefined && (blockCipherMode === undefined || blockCipherMode === 'AEAD')) return own
  if (algorithm !== undefined && blockCipherMode === undefined) {
    return refuse('BadCryptographicParameters', 'a Block Cipher Mode is needed')
  }
  const mode = algorithm?.modes[String(blockCipherMode)]
  return (
    mode ??
    refuse(
      'UnsupportedCryptographicParameters',
      `${key.algorithm} in mode ${blockCipherMode} is not supported`,
    )
  )
}

function tagLengthOf({ tagLength = defaultTagLength }: CryptographicParameters, mode: CipherMode): number {
  const isChaCha = mode.name(256) === 'chacha20-poly1305'
  // NIST SP 800-38D, section 5.2.1.2; shorter tags are for special uses and not offered.
  const allowed = isChaCha ? [16] : [12, 13, 14, 15, 16]
  if (allowed.includes(tagLength)) return tagLength
  return refuse('InvalidField', `a Tag Length of ${allowed[0]} to 16 bytes is supported, found ${tagLength}`)
}

function requireIv(iv: Uint8Array, mode: CipherMode): Uint8Array {
  // Other lengths than 12 bytes are hashed by GCM, and then random ones may meet.
  if (iv.length === mode.ivLength) return iv
  return refuse(
    'InvalidField',
    `this mode takes an initialization vector of ${mode.ivLength} bytes, found ${iv.length}`,
  )
}

function ivForEncryption(
  input: CipherInput,
  parameters: CryptographicParameters,
  mode: CipherMode,
  random: RandomSource,
): { iv: Uint8Array; made: boolean } {
  if (mode.ivLength === 0) {
    if (input.iv !== undefined) refuse('InvalidField', 'this mode takes no initialization vector')
    return { iv: new Uint8Array(), made: false }
  }
  if (input.iv !== undefined) return { iv: requireIv(input.iv, mode), made: false }
  const wanted = parameters.ivLength
  if (wanted !== undefined && wanted !== mode.ivLength * 8) {
    return refuse(
      'InvalidField',
      `this mode takes an IV Length of ${mode.ivLength * 8} bits, found ${wanted}`,
    )
  }
  return { iv: random.bytes(mode.ivLength), made: true }
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

function refuseAdditionalData(input: CipherInput): void {
  if (input.additionalData !== undefined) {
    refuse('InvalidField', 'only a mode that authenticates takes additional data')
  }
}

/**
 * Encrypts. Without an initialization vector a random one is made and returned.
 * @throws Refusal
 */
export function encryptSymmetric(
  key: SymmetricKeyMaterial,
  parameters: CryptographicParameters,
  input: CipherInput,
  random: RandomSource,
): CipherOutput {
  const mode = chooseMode(key, parameters)
  const { iv, made } = ivForEncryption(input, parameters, mode, random)
  const ownIv = made ? { iv } : {}
  const name = mode.name(key.bytes.length * 8)
  if (mode.aead) {
    const authTagLength = tagLengthOf(parameters, mode)
    const cipher = createCipheriv(name as CipherGCMTypes, key.bytes, iv, { authTagLength })
    if (input.additionalData !== undefined) cipher.setAAD(input.additionalData)
    const data = concatBytes(cipher.update(input.data), cipher.final())
    return { data, ...ownIv, tag: new Uint8Array(cipher.getAuthTag()) }
  }
  refuseAdditionalData(input)
  const cipher = createCipheriv(name, key.bytes, mode.ivLength === 0 ? null : iv).setAutoPadding(false)
  const padded = mode.block === 0 ? input.data : pad(parameters.paddingMethod, input.data, mode.block)
  return { data: concatBytes(cipher.update(padded), cipher.final()), ...ownIv }
}

/**
 * Decrypts. A wrong key, wrong data, a wrong tag and wrong padding are one refusal.
 * @throws Refusal
 */
export function decryptSymmetric(
  key: SymmetricKeyMaterial,
  parameters: CryptographicParameters,
  input: CipherInput,
): Uint8Array {
  const mode = chooseMode(key, parameters)
  if (mode.ivLength > 0 && input.iv === undefined) {
    return refuse('MissingInitializationVector', 'this mode needs an IV/Counter/Nonce')
  }
  if (mode.ivLength === 0 && input.iv !== undefined) {
    return refuse('InvalidField', 'this mode takes no initialization vector')
  }
  const iv = mode.ivLength === 0 ? null : requireIv(input.iv as Uint8Array, mode)
  const name = mode.name(key.bytes.length * 8)
  if (mode.aead) return decryptAead(name, key.bytes, iv as Uint8Array, tagLengthOf(parameters, mode), input)
  refuseAdditionalData(input)
  if (mode.block > 0 && input.data.length % mode.block !== 0) {
    return refuse('CryptographicFailure', 'the data does not decrypt')
  }
  const decipher = createDecipheriv(name, key.bytes, iv).setAutoPadding(false)
  const data = concatBytes(decipher.update(input.data), decipher.final())
  return mode.block === 0 ? data : unpad(parameters.paddingMethod, data, mode.block)
}

/** The tag comes by itself since KMIP 1.4; before, it follows the data. */
function decryptAead(
  name: string,
  key: Uint8Array,
  iv: Uint8Array,
  authTagLength: number,
  input: CipherInput,
): Uint8Array {
  const tag = input.tag ?? input.data.subarray(Math.max(0, input.data.length - authTagLength))
  const data = input.tag === undefined ? input.data.subarray(0, -authTagLength) : input.data
  if (tag.length !== authTagLength) return refuse('CryptographicFailure', 'the data does not decrypt')
  const decipher = createDecipheriv(name as CipherGCMTypes, key, iv, { authTagLength })
  if (input.additionalData !== undefined) decipher.setAAD(input.additionalData)
  decipher.setAuthTag(tag)
  const opened = plain(decipher.update(data))
  try {
    decipher.final()
  } catch {
    opened.fill(0)
    return refuse('CryptographicFailure', 'the data does not decrypt')
  }
  return opened
}
