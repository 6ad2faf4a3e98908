import { TrustholdError } from '@trusthold/core/errors'

/**
 * What a reader makes of bytes that are not as the specification has them.
 *
 * - `strict`: everything has to be so: tags of the specification or of extensions, big integers in as few bytes as may
 *   be, and for typed messages every item in its place and known.
 * - `tolerant`: what newer versions and other vendors add is kept, items come in any order, big integers in any number
 *   of words.
 * - `lenient`: so is what servers in the field do: padding that is not zero, Booleans of any value but 0 for true, big
 *   integers of any number of bytes, text that is not UTF-8 (with U+FFFD for what is not), Integers for Intervals and
 *   Long Integers for dates, and the other way round. What is read so is written as the specification has it.
 */
export type Strictness = 'strict' | 'tolerant' | 'lenient'

/** How large a message may be, and what a reader lets pass that the specification forbids. */
export interface TtlvReadOptions {
  /** Longest message in bytes, header included; 1 MiB by default. */
  maxBytes?: number
  /** Deepest nesting of structures, at most 256; 32 by default. Real messages have 8. */
  maxDepth?: number
  /** Most items in a message, structures included; 65,536 by default. */
  maxItems?: number
  /** `tolerant` by default. */
  strictness?: Strictness
  /** Accepts padding bytes that are not zero, or not, whatever the strictness. */
  acceptPadding?: boolean
  /** Accepts any value but 0 as true, or not, whatever the strictness. */
  acceptBooleans?: boolean
}

interface Allowances {
  readonly acceptPadding: boolean
  readonly acceptBooleans: boolean
  /** Big integers whose length is no multiple of 8. */
  readonly acceptRaggedIntegers: boolean
  /** Big integers that are longer than they need to be. */
  readonly acceptWideIntegers: boolean
  readonly acceptAnyText: boolean
  /** Items of a type that holds the same. */
  readonly acceptLikeTypes: boolean
  /** Tags that are neither the specification's nor an extension's. */
  readonly acceptAnyTag: boolean
  /** Items that the schema does not have, or not there. */
  readonly acceptAnyItem: boolean
}

/** The options with their defaults. */
export interface TtlvLimits extends Allowances {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxItems: number
}

function allow(strictness: Strictness): Allowances {
  const lenient = strictness === 'lenient'
  const tolerant = strictness !== 'strict'
  return {
    acceptPadding: lenient,
    acceptBooleans: lenient,
    acceptRaggedIntegers: lenient,
    acceptWideIntegers: tolerant,
    acceptAnyText: lenient,
    acceptLikeTypes: lenient,
    acceptAnyTag: tolerant,
    acceptAnyItem: tolerant,
  }
}

const allowances = {
  strict: allow('strict'),
  tolerant: allow('tolerant'),
  lenient: allow('lenient'),
} as const

const sizes = { maxBytes: 1 << 20, maxDepth: 32, maxItems: 65_536 } as const
const highest = { maxBytes: 2 ** 30, maxDepth: 256, maxItems: 2 ** 27 } as const

function invalid(name: string, expected: string): TrustholdError<'ARGUMENT_INVALID'> {
  return new TrustholdError('ARGUMENT_INVALID', { name, reason: `expected ${expected}` })
}

function requireSize(name: keyof typeof sizes, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= highest[name]) return value
  throw invalid(name, `1 to ${highest[name]}`)
}

/**
 * Adds the defaults. Member by member, as every message needs it: to spread objects takes longer than to read a message.
 * @throws ARGUMENT_INVALID for a limit that is not a whole number of 1 up to what the reader can bear
 */
export function resolveLimits(options: TtlvReadOptions = {}): TtlvLimits {
  const { strictness = 'tolerant' } = options
  if (!Object.hasOwn(allowances, strictness)) throw invalid('strictness', 'strict, tolerant or lenient')
  const allowed = allowances[strictness]
  return {
    acceptRaggedIntegers: allowed.acceptRaggedIntegers,
    acceptWideIntegers: allowed.acceptWideIntegers,
    acceptAnyText: allowed.acceptAnyText,
    acceptLikeTypes: allowed.acceptLikeTypes,
    acceptAnyTag: allowed.acceptAnyTag,
    acceptAnyItem: allowed.acceptAnyItem,
    acceptPadding: options.acceptPadding ?? allowed.acceptPadding,
    acceptBooleans: options.acceptBooleans ?? allowed.acceptBooleans,
    maxBytes: requireSize('maxBytes', options.maxBytes ?? sizes.maxBytes),
    maxDepth: requireSize('maxDepth', options.maxDepth ?? sizes.maxDepth),
    maxItems: requireSize('maxItems', options.maxItems ?? sizes.maxItems),
  }
}
