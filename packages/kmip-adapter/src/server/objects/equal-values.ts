import { equalBytes, SecretBytes } from '@trusthold/core/bytes'
import type { TtlvItem } from '../../ttlv/index.js'

const isItem = (value: object): value is TtlvItem => 'tag' in value && 'type' in value && 'value' in value

/**
 * Whether a value has everything that another asks for: the same, or for a structure the same in those fields that
 * are asked for.
 */
export function hasValue(value: unknown, asked: unknown): boolean {
  if (value === asked) return true
  if (typeof value !== 'object' || typeof asked !== 'object' || value === null || asked === null) return false
  if (value instanceof Uint8Array) return asked instanceof Uint8Array && equalBytes(value, asked)
  if (value instanceof SecretBytes || asked instanceof SecretBytes) return false
  if (Array.isArray(value)) {
    return (
      Array.isArray(asked) &&
      value.length === asked.length &&
      value.every((member, i) => hasValue(member, asked[i]))
    )
  }
  if (isItem(value)) {
    return (
      isItem(asked) &&
      value.tag === asked.tag &&
      value.type === asked.type &&
      hasValue(value.value, asked.value)
    )
  }
  return Object.entries(asked).every(([key, member]) =>
    hasValue((value as Readonly<Record<string, unknown>>)[key], member),
  )
}
