import { type Hierarchy, hierarchyName, permanentHandles, type TpmtHaOrNull } from '@trusthold/core/tpm2'
import type { Machine } from './machine.js'

const names = new Map<number, Hierarchy>(
  (['owner', 'endorsement', 'platform', 'null'] as const).map((name) => [permanentHandles[name], name]),
)

/** The hierarchy of a handle; the null hierarchy for one that is none. */
export function hierarchyOf(handle: number): Hierarchy {
  return names.get(handle) ?? 'null'
}

/** Policy of something that has none. */
export const noPolicy: TpmtHaOrNull = { hashAlg: 'null', digest: new Uint8Array() }

/** Seed and proof of a hierarchy. */
export function hierarchySecrets(
  { stored, volatile }: Machine,
  hierarchy: Hierarchy,
): { readonly seed: Uint8Array; readonly proof: Uint8Array } {
  return hierarchy === 'null' ? { seed: volatile.nullSeed, proof: volatile.nullProof } : stored[hierarchy]
}

/** Whether a hierarchy may be used. */
export function isEnabled({ volatile }: Machine, hierarchy: Hierarchy): boolean {
  return hierarchy === 'null' || volatile.enabled[hierarchy]
}

/** Authorisation value and policy of a permanent handle. */
export function permanentAuth(
  { stored, volatile }: Machine,
  handle: number,
): { readonly auth: Uint8Array; readonly policy: TpmtHaOrNull } {
  switch (handle) {
    case permanentHandles.owner:
      return stored.owner
    case permanentHandles.endorsement:
      return stored.endorsement
    case permanentHandles.lockout:
      return stored.lockout
    case permanentHandles.platform:
      return { auth: volatile.platformAuth, policy: volatile.platformPolicy }
    default:
      return { auth: new Uint8Array(), policy: noPolicy }
  }
}

/** Sets the authorisation value of a hierarchy or of lockout. */
export function setPermanentAuth({ stored, volatile }: Machine, handle: number, auth: Uint8Array): void {
  if (handle === permanentHandles.platform) volatile.platformAuth = auth
  else if (handle === permanentHandles.owner) stored.owner.auth = auth
  else if (handle === permanentHandles.endorsement) stored.endorsement.auth = auth
  else stored.lockout.auth = auth
}

/** Qualified name of a hierarchy. */
export function hierarchyQualifiedName(handle: number): Uint8Array {
  return hierarchyName(hierarchyOf(handle))
}
