import { createHash } from 'node:crypto'
import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { ConfigTable } from './schema.js'

/**
 * SHA-256 over a configuration row's revision, key and value, so that a value that the disk changed, or that came
 * from another row, is not taken for what was written. It does not protect against someone who can write the file.
 */
export function digestEntry(key: string, revision: bigint, value: Uint8Array | null): Uint8Array {
  const head = `${revision} ${key} ${value === null ? 'deleted' : value.length} `
  const hash = createHash('sha256').update(head)
  return (value === null ? hash : hash.update(value)).digest()
}

/**
 * Compares a row with its digest.
 * @throws STORE_CORRUPT
 */
export function assertIntact(row: Pick<ConfigTable, 'key' | 'revision' | 'value' | 'digest'>): void {
  if (equalBytes(digestEntry(row.key, row.revision, row.value), row.digest)) return
  throw new TrustholdError('STORE_CORRUPT', { key: row.key, reason: 'the row does not fit its digest' })
}
