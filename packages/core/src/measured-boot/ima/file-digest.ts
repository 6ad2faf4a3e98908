import type { FileDigest, ImaEntry } from './ima-log.js'

/** Longest algorithm's name that is looked for, in bytes (CRYPTO_MAX_ALG_NAME), and a type's name before it. */
const maxPrefix = 128 + 8

/** The digest that an entry's template data states, whatever it is of. */
export function readFileDigest(entry: Pick<ImaEntry, 'field'>): FileDigest | undefined {
  const bare = entry.field('d')
  if (bare !== undefined) {
    return bare.length === 20 ? { type: undefined, algorithm: 'sha1', value: bare } : undefined
  }
  return readPrefixedDigest(entry.field('d-ng') ?? entry.field('d-ngv2'))
}

/**
 * Fields d-ng (`sha256:`, NUL, digest), d-ngv2 (with `ima:` or `verity:` before that) and d-modsig.
 * Kernel: ima_eventdigest_init_common.
 */
export function readPrefixedDigest(field: Uint8Array | undefined): FileDigest | undefined {
  if (field === undefined) return undefined
  const end = field.subarray(0, maxPrefix).indexOf(0)
  if (end < 2 || field[end - 1] !== 0x3a) return undefined
  const names = Buffer.from(field.buffer, field.byteOffset, end - 1).toString('latin1')
  const [algorithm = '', type, ...more] = names.split(':').reverse()
  if (more.length > 0) return undefined
  if (type !== undefined && type !== 'ima' && type !== 'verity') return undefined
  return { type, algorithm, value: field.subarray(end + 1) }
}
