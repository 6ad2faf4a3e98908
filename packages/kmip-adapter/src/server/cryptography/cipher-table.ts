import type { Enumerated } from '../../ttlv/index.js'

/** A symmetric algorithm in one of its modes, as Node does it. */
export interface CipherMode {
  /** Node's name for a key of so many bits. */
  name(bits: number): string
  /** Length of the initialization vector in bytes; 0 when there is none. */
  readonly ivLength: number
  /** Block length in bytes where data comes in whole blocks and may be padded; 0 where it may have any length. */
  readonly block: number
  /** Whether it authenticates, and so has a tag. */
  readonly aead: boolean
}

/** A symmetric algorithm. */
export interface SymmetricAlgorithm {
  /** Lengths of its keys in bits, as KMIP counts them; undefined for any multiple of 8. */
  readonly lengths: readonly number[] | undefined
  /** Its modes by KMIP's name; `none` when it has one without a name. */
  readonly modes: Readonly<Record<string, CipherMode>>
}

const mode = (name: (bits: number) => string, ivLength: number, block: number, aead = false): CipherMode => ({
  name,
  ivLength,
  block,
  aead,
})

const blockModes = (prefix: (bits: number) => string, block: number): Record<string, CipherMode> => ({
  CBC: mode((bits) => `${prefix(bits)}-cbc`, block, block),
  ECB: mode((bits) => `${prefix(bits)}-ecb`, 0, block),
  CFB: mode((bits) => `${prefix(bits)}-cfb`, block, 0),
  OFB: mode((bits) => `${prefix(bits)}-ofb`, block, 0),
})

const sized = (family: string) => (bits: number) => `${family}-${bits}`

const aes: SymmetricAlgorithm = {
  lengths: [128, 192, 256],
  modes: {
    ...blockModes(sized('aes'), 16),
    CTR: mode((bits) => `aes-${bits}-ctr`, 16, 0),
    GCM: mode((bits) => `aes-${bits}-gcm`, 12, 0, true),
  },
}

/** KMIP counts the parity bits of DES keys; Node's `des-ede3` takes three of them and has no name for its ECB. */
const des3: SymmetricAlgorithm = {
  lengths: [192, 168],
  modes: { ...blockModes(() => 'des-ede3', 8), ECB: mode(() => 'des-ede3', 0, 8) },
}

const camellia: SymmetricAlgorithm = {
  lengths: [128, 192, 256],
  modes: { ...blockModes(sized('camellia'), 16), CTR: mode((bits) => `camellia-${bits}-ctr`, 16, 0) },
}

const chaCha20Poly1305: SymmetricAlgorithm = {
  lengths: [256],
  modes: { none: mode(() => 'chacha20-poly1305', 12, 0, true) },
}

/** Keys that only authenticate messages. */
const mac: SymmetricAlgorithm = { lengths: undefined, modes: {} }

type AlgorithmName = Exclude<Enumerated<'CryptographicAlgorithm'>, number>

/** The symmetric algorithms that keys can be made for. */
export const symmetricAlgorithms: Readonly<Partial<Record<AlgorithmName, SymmetricAlgorithm>>> = {
  AES: aes,
  DES3: des3,
  Camellia: camellia,
  ChaCha20Poly1305: chaCha20Poly1305,
  HMAC_SHA1: mac,
  HMAC_SHA224: mac,
  HMAC_SHA256: mac,
  HMAC_SHA384: mac,
  HMAC_SHA512: mac,
  HMAC_SHA3_224: mac,
  HMAC_SHA3_256: mac,
  HMAC_SHA3_384: mac,
  HMAC_SHA3_512: mac,
}

/** Bytes of a key of so many bits: a DES3 key of 168 bits has 24 parity bits that KMIP may leave out of the count. */
export function keyBytes(algorithm: Enumerated<'CryptographicAlgorithm'>, bits: number): number {
  return algorithm === 'DES3' ? 24 : bits / 8
}
