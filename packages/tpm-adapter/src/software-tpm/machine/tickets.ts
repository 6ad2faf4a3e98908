import { concatBytes } from '@trusthold/core/bytes'
import { encode, u16 } from '@trusthold/core/codec'
import type { Hierarchy, TpmtTkCreation, TpmtTkHashcheck, TpmtTkVerified } from '@trusthold/core/tpm2'
import { hmac } from './digests.js'
import { hierarchyOf, hierarchySecrets } from './hierarchies.js'
import type { Machine } from './machine.js'

/** Hash of the TPM's own HMACs (CONTEXT_INTEGRITY_HASH_ALG). */
export const integrityHash = 'sha512'

/** HMAC of a ticket: tag and content, with the proof of the hierarchy. Part 2, section 10.7. */
function ticketDigest(
  machine: Machine,
  tag: number,
  hierarchy: Hierarchy,
  ...content: readonly Uint8Array[]
): Uint8Array {
  const { proof } = hierarchySecrets(machine, hierarchy)
  return hmac(integrityHash, proof, encode(u16, tag), concatBytes(...content))
}

/** TPMT_TK_CREATION for an object; a null ticket in the null hierarchy. */
export function creationTicket(
  machine: Machine,
  hierarchyHandle: number,
  objectName: Uint8Array,
  creationHash: Uint8Array,
): TpmtTkCreation {
  const hierarchy = hierarchyOf(hierarchyHandle)
  return {
    tag: 0x8021,
    hierarchy,
    digest: ticketDigest(machine, 0x8021, hierarchy, objectName, creationHash),
  }
}

/** TPMT_TK_VERIFIED for a key's signature; a null ticket in the null hierarchy. */
export function verifiedTicket(
  machine: Machine,
  hierarchyHandle: number,
  digest: Uint8Array,
  keyName: Uint8Array,
): TpmtTkVerified {
  const hierarchy = hierarchyOf(hierarchyHandle)
  const none = hierarchy === 'null'
  return {
    tag: 0x8022,
    hierarchy,
    digest: none ? new Uint8Array() : ticketDigest(machine, 0x8022, hierarchy, digest, keyName),
  }
}

/**
 * HMAC of a hash ticket, also for the null hierarchy: a null ticket, whose digest is empty, must never be equal to it.
 */
export function hashCheckDigest(
  machine: Machine,
  hierarchy: Hierarchy | number,
  algorithm: number,
  digest: Uint8Array,
): Uint8Array {
  const known = typeof hierarchy === 'number' ? hierarchyOf(hierarchy) : hierarchy
  return ticketDigest(machine, 0x8024, known, encode(u16, algorithm), digest)
}

/** TPMT_TK_HASHCHECK for a digest; a null ticket in the null hierarchy. */
export function hashCheckTicket(
  machine: Machine,
  hierarchyHandle: number,
  algorithm: number,
  digest: Uint8Array,
): TpmtTkHashcheck {
  const hierarchy = hierarchyOf(hierarchyHandle)
  if (hierarchy === 'null') return { tag: 0x8024, hierarchy, digest: new Uint8Array() }
  return { tag: 0x8024, hierarchy, digest: hashCheckDigest(machine, hierarchy, algorithm, digest) }
}

/** TPMT_TK_AUTH's digest for a policy that a secret authorised. Part 2, section 10.7.5. */
export function authTicketDigest(
  machine: Machine,
  tag: number,
  hierarchy: Hierarchy,
  ...content: readonly Uint8Array[]
): Uint8Array {
  return ticketDigest(machine, tag, hierarchy, ...content)
}
