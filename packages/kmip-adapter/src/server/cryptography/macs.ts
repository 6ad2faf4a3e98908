import { createCipheriv, createHmac } from 'node:crypto'
import type { CryptographicParameters } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'
import { nodeHash } from './hashes.js'
import type { SymmetricKeyMaterial } from './symmetric.js'

type AlgorithmName = Exclude<Enumerated<'CryptographicAlgorithm'>, number>

const hmacHashes: Readonly<Partial<Record<AlgorithmName, Exclude<Enumerated<'HashingAlgorithm'>, number>>>> =
  {
    HMAC_SHA1: 'SHA_1',
    HMAC_SHA224: 'SHA_224',
    HMAC_SHA256: 'SHA_256',
    HMAC_SHA384: 'SHA_384',
    HMAC_SHA512: 'SHA_512',
    HMAC_SHA3_224: 'SHA_3_224',
    HMAC_SHA3_256: 'SHA_3_256',
    HMAC_SHA3_384: 'SHA_3_384',
    HMAC_SHA3_512: 'SHA_3_512',
  }

const block = 16

/** Doubles in GF(2^128): RFC 4493, section 2.3. */
function double(bytes: Uint8Array): Uint8Array {
  const doubled = bytes.map((byte, i) => ((byte << 1) | ((bytes[i + 1] ?? 0) >> 7)) & 0xff)
  if ((bytes[0] as number) & 0x80) doubled[block - 1] = (doubled[block - 1] as number) ^ 0x87
  return doubled
}

/** AES-CMAC: NIST SP 800-38B, RFC 4493. */
function cmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const zero = new Uint8Array(block)
  const encryptBlocks = (plain: Uint8Array): Uint8Array => {
    const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, zero).setAutoPadding(false)
    return new Uint8Array(cipher.update(plain)).slice(-block)
  }
  const first = double(encryptBlocks(zero))
  const isWhole = data.length > 0 && data.length % block === 0
  const length = isWhole ? data.length : data.length + block - (data.length % block)
  const message = new Uint8Array(length)
  message.set(data)
  if (!isWhole) message[data.length] = 0x80
  const mask = isWhole ? first : double(first)
  mask.forEach((byte, i) => {
    const at = length - block + i
    message[at] = (message[at] as number) ^ byte
  })
  return encryptBlocks(message)
}

/**
 * Authenticates a message: by HMAC with the algorithm of the parameters or of the key, or by CMAC with an AES key.
 * @throws Refusal
 */
export function computeMac(
  key: SymmetricKeyMaterial,
  parameters: CryptographicParameters,
  data: Uint8Array,
): Uint8Array {
  const algorithm = parameters.cryptographicAlgorithm ?? key.algorithm
  if (algorithm === 'AES') {
    if (key.algorithm !== 'AES') return refuse('BadCryptographicParameters', 'the key is not an AES key')
    if (parameters.blockCipherMode !== undefined && parameters.blockCipherMode !== 'CMAC') {
      return refuse('UnsupportedCryptographicParameters', 'AES authenticates messages in mode CMAC only')
    }
    return cmac(key.bytes, data)
  }
  const hash = typeof algorithm === 'string' ? hmacHashes[algorithm] : undefined
  if (hash === undefined) {
    return refuse('UnsupportedCryptographicParameters', `messages are not authenticated by ${algorithm}`)
  }
  return new Uint8Array(createHmac(nodeHash(hash), key.bytes).update(data).digest())
}
