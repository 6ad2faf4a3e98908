import { TrustholdError } from '../errors/index.js'

/** Longest name that an administrator may give to anything, in characters. */
export const maxNameLength = 128

/** Longest name in a store key, which leaves room for the longest prefix. */
const maxEncodedLength = 448

/**
 * Checks a name that an administrator or a caller gives: 1 to 128 characters, fewer when they are not ASCII and would
 * not fit into a store key, no control characters and none that do not show, no white space at its ends, well-formed
 * Unicode in its composed form (NFC), so that what looks the same is the same.
 * @throws REQUEST_INVALID with `path`
 */
export function assertName(name: string, path: string): void {
  const refuse = (expected: string) =>
    new TrustholdError('REQUEST_INVALID', { path, expected, actual: `a text of ${name.length} characters` })
  if (name.length === 0 || name.length > maxNameLength)
    throw refuse(`a name of 1 to ${maxNameLength} characters`)
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(name))
    throw refuse('a name of printable characters')
  if (name.trim() !== name) throw refuse('a name without white space at its ends')
  if (name.normalize('NFC') !== name) throw refuse('a name in Unicode normalisation form C')
  if (encodeName(name).length > maxEncodedLength)
    throw refuse(`a name of at most ${maxEncodedLength} characters when percent-encoded`)
}

/**
 * The store key of a named document: injective, and within the key grammar of the ConfigStore port.
 * @throws REQUEST_INVALID when it is no name
 */
export function keyOfName(prefix: string, name: string): string {
  assertName(name, 'name')
  return prefix + encodeName(name)
}

/**
 * The name in a store key of {@link keyOfName}.
 * @throws STORE_CORRUPT for any other key: two keys must not be one name
 */
export function nameOfKey(prefix: string, key: string): string {
  const encoded = key.slice(prefix.length)
  try {
    const name = decodeURIComponent(encoded)
    if (name !== '' && key.startsWith(prefix) && encodeName(name) === encoded) return name
  } catch {
    // Not percent-encoded UTF-8.
  }
  throw new TrustholdError('STORE_CORRUPT', { key, reason: 'the key is not that of a name' })
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*.]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
