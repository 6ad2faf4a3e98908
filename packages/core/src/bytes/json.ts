import { toHex } from './encoding.js'

/** What JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/**
 * A plain value as JSON can hold it, for reports: bytes as lower-case hexadecimal, bigints as decimal text, maps as
 * objects, sets and other iterables as arrays, fields that are undefined left out. A value with `toJSON` says itself what
 * it is, so a secret stays redacted. Numbers that JSON does not have become texts. The value must have no cycles.
 */
export function toJson(value: unknown): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? null : objectToJson(value)
    default:
      return null
  }
}

function objectToJson(value: object): JsonValue {
  // A Buffer has a toJSON of its own, which is a list of numbers.
  if (value instanceof Uint8Array) return toHex(value)
  if (saysItself(value)) return toJson(value.toJSON())
  if (value instanceof Map) return fieldsToJson([...value].map(([key, field]) => [String(key), field]))
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, (item) => toJson(item))
  return fieldsToJson(Object.entries(value))
}

function saysItself(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

function fieldsToJson(fields: readonly (readonly [string, unknown])[]): JsonValue {
  const stated = fields.filter(([, field]) => field !== undefined)
  return Object.fromEntries(stated.map(([name, field]) => [name, toJson(field)]))
}
