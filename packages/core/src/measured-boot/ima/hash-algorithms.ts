import type { HashAlgorithm } from '../../tpm2/index.js'

/**
 * Hash algorithms by the name that the kernel writes into lists. `id`: its number in the headers of signatures (enum
 * hash_algo of `linux/hash_info.h`); `size`: of a digest, in bytes; `node`: OpenSSL's name; `bank`: the PCR bank that the
 * kernel fills with digests of this algorithm; `oid`: content of its object identifier in DER, for those over whose
 * digests RSA signatures are accepted (RFC 8017, appendix B.1). Those with `legacy` only on request.
 */
const table = {
  sha1: { id: 2, size: 20, node: 'sha1', bank: 'sha1', oid: '2b0e03021a', legacy: true },
  sha256: { id: 4, size: 32, node: 'sha256', bank: 'sha256', oid: '608648016503040201' },
  sha384: { id: 5, size: 48, node: 'sha384', bank: 'sha384', oid: '608648016503040202' },
  sha512: { id: 6, size: 64, node: 'sha512', bank: 'sha512', oid: '608648016503040203' },
  sha224: { id: 7, size: 28, node: 'sha224' },
  sm3: { id: 17, size: 32, node: 'sm3', bank: 'sm3_256' },
  'sha3-256': { id: 20, size: 32, node: 'sha3-256', oid: '608648016503040208' },
  'sha3-384': { id: 21, size: 48, node: 'sha3-384', oid: '608648016503040209' },
  'sha3-512': { id: 22, size: 64, node: 'sha3-512', oid: '60864801650304020a' },
} as const

/** Name of a hash algorithm as the kernel writes it. */
export type ImaHashName = keyof typeof table

/** What is known of a hash algorithm that the kernel names. */
export interface ImaHashFacts {
  readonly name: ImaHashName
  readonly size: number
  readonly node: string
  readonly bank?: HashAlgorithm
  readonly oid?: string
  readonly legacy?: boolean
}

const byName = new Map<string, ImaHashFacts>()
const byId = new Map<number, ImaHashFacts>()
const bySize = new Map<number, HashAlgorithm>()
/** Banks of a TPM that kernels know: these it extends with digests of their own. */
export const imaBanks: readonly HashAlgorithm[] = ['sha1', 'sha256', 'sha384', 'sha512', 'sm3_256']
for (const [name, { id, ...facts }] of Object.entries(table)) {
  const row: ImaHashFacts = { name: name as ImaHashName, ...facts }
  byName.set(name, row)
  byId.set(id, row)
  if (row.bank !== undefined && !bySize.has(row.size)) bySize.set(row.size, row.bank)
}

/** Facts of an algorithm by the kernel's name; undefined when it is not known here. */
export function imaHashByName(name: string): ImaHashFacts | undefined {
  return byName.get(name)
}

/** Facts of an algorithm by the kernel's number; undefined when it is not known here. */
export function imaHashById(id: number): ImaHashFacts | undefined {
  return byId.get(id)
}

/** Sizes of a listed template hash, ascending, in bytes, each with the algorithm that it is taken for. */
export const listedHashSizes: readonly (readonly [number, HashAlgorithm])[] = [...bySize].sort(
  ([a], [b]) => a - b,
)
