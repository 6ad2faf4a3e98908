import { TrustholdError } from '../errors/index.js'

/** Longest name that an administrator may give to anything, in characters. */
export const maxNameLength = 128

/**
 * Checks a name that an administrator or a caller gives: 1 to 128 characters, no control characters, no white space
 * at its ends, well-formed Unicode in its composed form (NFC), so that what looks the same is the same.
 * @throws REQUEST_INVALID with `path`
 */
export function assertName(name: string, path: string): void {
  const refuse = (expected: string) =>
    new TrustholdError('REQUEST_INVALID', { path, expected, actual: `a text of ${name.length} characters` })
  if (name.length === 0 || name.length > maxNameLength)
    throw refuse(`a name of 1 to ${maxNameLength} characters`)
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(name))
    throw refuse('a name of printable characters')
  if (name.trim() !== name) throw refuse('a name without white space at its ends')
  if (name.normalize('NFC') !== name) throw refuse('a name in Unicode normalisation form C')
}

/** The store key of a named document: injective, and within the key grammar of the ConfigStore port. */
export function keyOfName(prefix: string, name: string): string {
  const encoded = encodeURIComponent(name).replace(
    /[!'()*.]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return prefix + encoded
}

/** The name in a store key of {@link keyOfName}. */
export function nameOfKey(prefix: string, key: string): string {
  return decodeURIComponent(key.slice(prefix.length))
}
