import { hash as hashOnce } from 'node:crypto'
import { type Codec, enumOf, u16 } from '../codec/index.js'
import { TrustholdError } from '../errors/index.js'
import { namedNumber } from './named-numbers.js'

/**
 * All that is known of algorithms, in one place. Sources: TCG Algorithm Registry; TPM 2.0 Part 2, section 6.3.
 * Names are those of TPM_ALG_ID in lower case.
 * - `hash`: size and block in bytes, OpenSSL's name, and whether a signature over such a digest is accepted
 *   (`legacy`: only on request).
 * - `signs`: a signature algorithm that can be verified, and the type of the key (Node's name) that it needs.
 * - `cipher`: prefix of OpenSSL's name, and the key lengths in bits.
 */
const table = {
  rsa: { id: 0x0001 },
  tdes: { id: 0x0003 },
  sha1: { id: 0x0004, hash: { size: 20, block: 64, node: 'sha1', signing: 'legacy' } },
  hmac: { id: 0x0005 },
  aes: { id: 0x0006, cipher: { node: 'aes', keyBits: [128, 192, 256] } },
  mgf1: { id: 0x0007 },
  keyedhash: { id: 0x0008 },
  xor: { id: 0x000a },
  sha256: { id: 0x000b, hash: { size: 32, block: 64, node: 'sha256', signing: 'yes' } },
  sha384: { id: 0x000c, hash: { size: 48, block: 128, node: 'sha384', signing: 'yes' } },
  sha512: { id: 0x000d, hash: { size: 64, block: 128, node: 'sha512', signing: 'yes' } },
  sha256_192: { id: 0x000e },
  null: { id: 0x0010 },
  sm3_256: { id: 0x0012, hash: { size: 32, block: 64, node: 'sm3', signing: 'no' } },
  sm4: { id: 0x0013 },
  rsassa: { id: 0x0014, signs: 'rsa' },
  rsaes: { id: 0x0015 },
  rsapss: { id: 0x0016, signs: 'rsa' },
  oaep: { id: 0x0017 },
  ecdsa: { id: 0x0018, signs: 'ec' },
  ecdh: { id: 0x0019 },
  ecdaa: { id: 0x001a },
  sm2: { id: 0x001b },
  ecschnorr: { id: 0x001c },
  ecmqv: { id: 0x001d },
  kdf1_sp800_56a: { id: 0x0020 },
  kdf2: { id: 0x0021 },
  kdf1_sp800_108: { id: 0x0022 },
  ecc: { id: 0x0023 },
  symcipher: { id: 0x0025 },
  camellia: { id: 0x0026 },
  sha3_256: { id: 0x0027, hash: { size: 32, block: 136, node: 'sha3-256', signing: 'no' } },
  sha3_384: { id: 0x0028, hash: { size: 48, block: 104, node: 'sha3-384', signing: 'no' } },
  sha3_512: { id: 0x0029, hash: { size: 64, block: 72, node: 'sha3-512', signing: 'no' } },
  shake128: { id: 0x002a },
  shake256: { id: 0x002b },
  shake256_192: { id: 0x002c },
  shake256_256: { id: 0x002d },
  shake256_512: { id: 0x002e },
  cmac: { id: 0x003f },
  ctr: { id: 0x0040 },
  ofb: { id: 0x0041 },
  cbc: { id: 0x0042 },
  cfb: { id: 0x0043 },
  ecb: { id: 0x0044 },
  ccm: { id: 0x0050 },
  gcm: { id: 0x0051 },
  kw: { id: 0x0052 },
  kwp: { id: 0x0053 },
  eax: { id: 0x0054 },
  eddsa: { id: 0x0060 },
  eddsa_ph: { id: 0x0061 },
  lms: { id: 0x0070 },
  xmss: { id: 0x0071 },
} as const

type Table = typeof table
type NamesWith<P extends string> = {
  [N in keyof Table]: Table[N] extends Readonly<Record<P, unknown>> ? N : never
}[keyof Table]

/** Name of an algorithm: its TPM_ALG constant in lower case, such as `sha256`, `rsa`, `kdf1_sp800_108`. */
export type AlgorithmName = keyof Table
/** Name of a hash algorithm. */
export type HashAlgorithm = NamesWith<'hash'>
/** Name of a signature algorithm that {@link verifySignature} can verify. */
export type VerifiableAlgorithm = NamesWith<'signs'>

/** What is known of a hash algorithm. */
export interface HashFacts {
  /** Of a digest, in bytes. */
  readonly size: number
  /** Of a block, in bytes. */
  readonly block: number
  /** OpenSSL's name, as node:crypto takes it. */
  readonly node: string
  /** Whether signatures over such digests are accepted. */
  readonly signing: 'yes' | 'legacy' | 'no'
}

const rows: Readonly<
  Record<
    AlgorithmName,
    {
      readonly id: number
      readonly hash?: HashFacts
      readonly signs?: 'rsa' | 'ec'
      readonly cipher?: { readonly node: string; readonly keyBits: readonly number[] }
    }
  >
> = table

function idsOf<const N extends AlgorithmName>(names: readonly N[]): Readonly<Record<N, number>> {
  return Object.fromEntries(names.map((name) => [name, rows[name].id])) as Record<N, number>
}

const allNames = Object.keys(table) as AlgorithmName[]

/** Names of all hash algorithms. */
export const hashAlgorithms: readonly HashAlgorithm[] = allNames.filter(
  (name): name is HashAlgorithm => rows[name].hash !== undefined,
)

/** TPM_ALG_ID: any algorithm of the table. Part 2, section 6.3. */
export const tpmAlgId: Codec<AlgorithmName> = enumOf('TPM_ALG_ID', u16, idsOf(allNames))

/** The same for what a TPM tells of itself, which may be newer than the table: other algorithms are numbers. */
export const tpmAlgIdOrNumber: Codec<AlgorithmName | number> = namedNumber('TPM_ALG_ID', u16, idsOf(allNames))

/** A TPM_ALG_ID that is one of these; the TPMI_ALG_* interface types of Part 2, section 9. */
export function algorithmOf<const N extends AlgorithmName>(name: string, names: readonly N[]): Codec<N> {
  return enumOf(name, u16, idsOf(names)) as Codec<N>
}

/** TPMI_ALG_HASH. Part 2, section 9.27. */
export const tpmiAlgHash: Codec<HashAlgorithm> = algorithmOf('TPMI_ALG_HASH', hashAlgorithms)
/** TPMI_ALG_HASH+, which allows `null`. Part 2, section 9.27. */
export const tpmiAlgHashOrNull: Codec<HashAlgorithm | 'null'> = algorithmOf('TPMI_ALG_HASH+', [
  ...hashAlgorithms,
  'null',
])

/** Facts of a hash algorithm. */
export function hashFacts(name: HashAlgorithm): HashFacts {
  return table[name].hash
}

/** Whether a text is the name of a hash algorithm. */
export function isHashAlgorithm(name: string): name is HashAlgorithm {
  return Object.hasOwn(table, name) && rows[name as AlgorithmName].hash !== undefined
}

/** The same bytes, without what Buffer changes about them (`slice`, comparison in tests). */
export function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Digest of the bytes. By way of a binary string, which node:crypto returns in a third of the time of an array. */
export function digestOf(name: HashAlgorithm, data: Uint8Array): Uint8Array {
  const text = hashOnce(table[name].hash.node, data, 'binary')
  const digest = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) digest[i] = text.charCodeAt(i)
  return digest
}

/** Type of key (Node's name) that a signature algorithm needs; undefined when it cannot be verified here. */
export function signingKeyType(name: AlgorithmName): 'rsa' | 'ec' | undefined {
  return rows[name].signs
}

/**
 * OpenSSL's name of a block cipher in CFB mode, as TPM2 protects objects.
 * @throws TPM_ALGORITHM_UNSUPPORTED
 */
export function cfbCipher(name: AlgorithmName, keyBits: number): string {
  const cipher = rows[name].cipher
  if (!cipher?.keyBits.includes(keyBits)) {
    throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', {
      use: 'object protection',
      algorithm: `${name}-${keyBits}`,
    })
  }
  return `${cipher.node}-${keyBits}-cfb`
}
