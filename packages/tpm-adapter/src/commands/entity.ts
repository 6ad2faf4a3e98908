import { TrustholdError } from '@trusthold/core/errors'
import { computeName, handleName, type TpmtPublic } from '@trusthold/core/tpm2'

/** Something in a TPM, by its handle and its name: what sessions with an HMAC bind a command to. */
export interface NamedEntity {
  readonly handle: number
  /** TPM2B_NAME's content; see `computeName` and `computeNvName` of `@trusthold/core/tpm2`. */
  readonly name: Uint8Array
}

/**
 * What a command works on. The handle is enough for what has no name of its own (PCRs, sessions, hierarchies), and for
 * passwords and policies without HMAC; sessions with an HMAC need the names of objects and NV indices.
 */
export type Entity = number | NamedEntity

/** Types of handles (their most significant byte) whose name is not the handle: NV indices and objects. Part 1, 16. */
const namedTypes: ReadonlySet<number> = new Set([0x01, 0x80, 0x81])

/** The handle alone. */
export function handleOf(entity: Entity): number {
  return typeof entity === 'number' ? entity : entity.handle
}

/**
 * The name of an entity. TPM 2.0 Part 1, section 16.
 * @throws ARGUMENT_INVALID for an object or NV index that was given by its handle only
 */
export function nameOf(entity: Entity): Uint8Array {
  if (typeof entity !== 'number') return entity.name
  if (!namedTypes.has(entity >>> 24)) return handleName(entity)
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: `handle 0x${entity.toString(16)}`,
    reason: 'the session authenticates names, and this one has no name',
  })
}

/** The name that a TPM gives an object: empty for one without name algorithm. */
export function objectName(publicArea: TpmtPublic): Uint8Array {
  return publicArea.nameAlg === 'null' ? new Uint8Array() : computeName(publicArea)
}
