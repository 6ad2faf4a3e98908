import { fromBase64url, toBase64url, utf8 } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { assertConfigKey } from '@trusthold/core/ports'

/** Where a listing goes on. */
export interface ListingPlace {
  /** The store's revision when the first page was read. */
  readonly revision: bigint
  /** The last key of the page before. */
  readonly key: string
}

/** Writes a place as the opaque text that callers hand back. */
export function encodeCursor({ revision, key }: ListingPlace): string {
  return toBase64url(utf8(`${revision} ${key}`))
}

/**
 * Reads a cursor back. It comes from outside, so nothing in it is believed: it must name a possible key with the
 * listing's prefix.
 * @throws STORE_ARGUMENT
 */
export function decodeCursor(cursor: string, prefix: string): ListingPlace {
  try {
    const text = Buffer.from(fromBase64url(cursor)).toString('latin1')
    const [, revision, key] = /^(0|[1-9][0-9]{0,18}) ([^ ]+)$/.exec(text) ?? []
    if (revision === undefined || key === undefined) throw new Error('not a place')
    assertConfigKey(key)
    if (!key.startsWith(prefix)) throw new Error('of another prefix')
    return { revision: BigInt(revision), key }
  } catch (cause) {
    throw new TrustholdError(
      'STORE_ARGUMENT',
      { name: 'cursor', reason: 'must come from a page of the same prefix' },
      { cause },
    )
  }
}
