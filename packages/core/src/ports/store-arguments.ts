import { TrustholdError } from '../errors/index.js'

/** Longest key, prefix and replay id, in UTF-16 code units. */
const longestName = 512
/** Largest value of a configuration store, in bytes: 16 MiB. */
export const largestConfigValue = 16 * 1024 * 1024
/** Largest content of an audit record, in bytes: 64 KiB. */
export const largestAuditContent = 64 * 1024
/** Most entries or records in one answer. */
export const largestPage = 1000

const keyCharacters = /^[A-Za-z0-9._~%/-]*$/
const keyRule = '1 to 512 characters of A-Z a-z 0-9 . _ ~ % / - without empty, . or .. segments'
const prefixRule = 'the start of a key'

function refuse(name: string, expected: string): never {
  throw new TrustholdError('STORE_ARGUMENT', { name, reason: `must be ${expected}` })
}

const isSegment = (segment: string): boolean => segment !== '' && segment !== '.' && segment !== '..'

function isKeyText(text: unknown): text is string {
  return typeof text === 'string' && text.length <= longestName && keyCharacters.test(text)
}

function isWholeNumber(value: unknown, from: number, to = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to
}

/**
 * Refuses what is not a key of a configuration store.
 * @throws STORE_ARGUMENT
 */
export function assertConfigKey(key: string): void {
  if (!isKeyText(key) || !key.split('/').every(isSegment)) refuse('key', keyRule)
}

/**
 * Refuses a prefix that no key can start with. The empty prefix fits all keys.
 * @throws STORE_ARGUMENT
 */
export function assertConfigPrefix(prefix: string): void {
  if (!isKeyText(prefix) || !prefix.split('/').slice(0, -1).every(isSegment)) refuse('prefix', prefixRule)
}

/**
 * Refuses what is not a value of a configuration store.
 * @throws STORE_ARGUMENT
 */
export function assertConfigValue(value: Uint8Array): void {
  if (!(value instanceof Uint8Array) || value.length > largestConfigValue) {
    refuse('value', 'a Uint8Array of at most 16 MiB')
  }
}

/**
 * Refuses what is not a revision.
 * @param name the argument's name, for the error
 * @throws STORE_ARGUMENT
 */
export function assertRevision(name: string, revision: bigint): void {
  if (typeof revision !== 'bigint' || revision < 0n || revision >= 2n ** 63n) {
    refuse(name, 'a bigint from 0 to 2^63 - 1')
  }
}

/**
 * Refuses a number of entries or records that no answer has.
 * @throws STORE_ARGUMENT
 */
export function assertLimit(limit: number): void {
  if (!isWholeNumber(limit, 1, largestPage)) refuse('limit', 'an integer from 1 to 1,000')
}

/**
 * Refuses what cannot be claimed.
 * @throws STORE_ARGUMENT
 */
export function assertReplayClaim(id: string, expiresAt: number): void {
  if (typeof id !== 'string' || id.length === 0 || id.length > longestName)
    refuse('id', '1 to 512 characters')
  if (!isWholeNumber(expiresAt, 0)) refuse('expiresAt', 'a safe integer of milliseconds since 1970')
}

/**
 * Refuses what is not the content of an audit record.
 * @throws STORE_ARGUMENT
 */
export function assertAuditContent(content: Uint8Array): void {
  if (!(content instanceof Uint8Array) || content.length > largestAuditContent) {
    refuse('content', 'a Uint8Array of at most 64 KiB')
  }
}

/**
 * Refuses what is not a sequence number of an audit record.
 * @throws STORE_ARGUMENT
 */
export function assertAuditSequence(from: number): void {
  if (!isWholeNumber(from, 1)) refuse('from', 'a safe integer from 1 on')
}
