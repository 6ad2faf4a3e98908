import { TrustholdError } from '@trusthold/core/errors'

/** How large a message may be, and what a reader lets pass that the specification forbids. */
export interface TtlvReadOptions {
  /** Longest message in bytes, header included; 1 MiB by default. */
  maxBytes?: number
  /** Deepest nesting of structures, at most 256; 32 by default. Real messages have 8. */
  maxDepth?: number
  /** Most items in a message, structures included; 65,536 by default. */
  maxItems?: number
  /** Accepts padding bytes that are not zero; false by default. What is read so is not written so again. */
  acceptPadding?: boolean
  /** Accepts any value but 0 as true; false by default. What is read so is not written so again. */
  acceptBooleans?: boolean
}

/** The options with their defaults. */
export type TtlvLimits = Required<TtlvReadOptions>

const defaults: TtlvLimits = {
  maxBytes: 1 << 20,
  maxDepth: 32,
  maxItems: 65_536,
  acceptPadding: false,
  acceptBooleans: false,
}

const highest = { maxBytes: 2 ** 30, maxDepth: 256, maxItems: 2 ** 27 } as const

/**
 * Adds the defaults.
 * @throws ARGUMENT_INVALID for a limit that is not a whole number of 1 up to what the reader can bear
 */
export function resolveLimits(options?: TtlvReadOptions): TtlvLimits {
  if (options === undefined) return defaults
  const limits = { ...defaults, ...options }
  for (const name of ['maxBytes', 'maxDepth', 'maxItems'] as const) {
    const value = limits[name]
    if (!Number.isInteger(value) || value < 1 || value > highest[name]) {
      throw new TrustholdError('ARGUMENT_INVALID', { name, reason: `expected 1 to ${highest[name]}` })
    }
  }
  return limits
}
