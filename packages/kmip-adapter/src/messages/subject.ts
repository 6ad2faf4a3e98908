import { SecretBytes } from '@trusthold/core/bytes'
import type { Operation } from '../operations/index.js'
import { protocolError } from './outcome.js'

/** The object that a request or an answer names. */
export function namedObject(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'uniqueIdentifier' in payload
    ? payload.uniqueIdentifier
    : undefined
}

/** Overwrites every secret in an answer that nobody will get. */
export function wipeSecrets(value: unknown): void {
  if (value instanceof SecretBytes) value.wipe()
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(wipeSecrets)
}

/**
 * Makes sure that an answer is about the object that was asked for. It is read so while the connection is still ours:
 * an answer that belongs to another request says that the next one may as well, and costs the connection.
 * @param subject id of the object, as far as it is known
 * @throws KMIP_PROTOCOL; the secrets of the answer are overwritten then
 */
export function requireSubject(
  { name, about }: Operation<unknown, unknown>,
  subject: unknown,
  payload: unknown,
): void {
  if (about !== 'object' || typeof subject !== 'string' || namedObject(payload) === subject) return
  wipeSecrets(payload)
  throw protocolError(name, 'the answer is about another object')
}
