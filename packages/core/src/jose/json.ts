import { fromUtf8, readJsonStructure } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'

const refuse = (what: string, reason: string) => new TrustholdError('JOSE_INVALID', { what, reason })

/**
 * Reads a JSON object of a JOSE header or payload. Duplicate member names are refused (RFC 7515 section 4): two
 * readers could otherwise see two different objects.
 * @param what names the part in errors
 * @throws JOSE_INVALID
 */
export function parseJsonObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let text: string
  let value: unknown
  let again: string
  try {
    text = fromUtf8(bytes)
    value = JSON.parse(text)
    // Writing takes stack for every level of nesting, which parsing does not: a text can be too deep for it.
    again = JSON.stringify(value)
  } catch {
    // What the parser says quotes the text, which may hold a token's claims.
    throw refuse(what, 'it is not UTF-8 JSON, or nested too deeply')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(what, 'it is not an object')
  // What is written back as it came has every name once; only other texts need the slower look.
  if (again !== text && readJsonStructure(text).repeatsName) throw refuse(what, 'it has a member name twice')
  return value as Record<string, unknown>
}
