import { type Codec, decode } from '../../codec/index.js'
import { type AnyTrustholdError, isTrustholdError } from '../../errors/index.js'

/** Bytes that do not have the form that they should have, and why. */
export interface Malformed {
  readonly kind: 'malformed'
  /** What was expected and what was found, in one line. */
  readonly reason: string
  /** The field that failed, such as `UEFI_VARIABLE_DATA.name`. */
  readonly path: string
  /** Where it failed, in bytes from the start of `bytes`. */
  readonly offset: number
  /** What was read. */
  readonly bytes: Uint8Array
}

/**
 * Reads what takes up all of the bytes, or explains why it cannot: what an event says of itself may be anything, so
 * that it is malformed is a fact and no error.
 */
export function readOrExplain<T>(codec: Codec<T>, bytes: Uint8Array): T | Malformed {
  return orMalformed(bytes, () => decode(codec, bytes))
}

/** What `read` returns, or how the bytes are malformed when a codec refuses them. Anything else that it throws passes. */
export function orMalformed<T>(bytes: Uint8Array, read: () => T): T | Malformed {
  try {
    return read()
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    const { code, context, message } = error as AnyTrustholdError
    switch (code) {
      case 'CODEC_UNDERFLOW':
      case 'CODEC_TRAILING':
      case 'CODEC_VALUE':
      case 'CODEC_LIMIT':
        return { kind: 'malformed', reason: message, path: context.path, offset: context.offset, bytes }
      default:
        throw error
    }
  }
}

/** Whether reading failed. */
export function isMalformed(value: unknown): value is Malformed {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'malformed'
}
