import { TrustholdError } from '../errors/index.js'

/** Permanent handles (TPM_RH). Part 2, section 7.4. */
export const permanentHandles = {
  owner: 0x4000_0001,
  null: 0x4000_0007,
  password: 0x4000_0009,
  lockout: 0x4000_000a,
  endorsement: 0x4000_000b,
  platform: 0x4000_000c,
} as const

/** The hierarchies that keys live in. Part 2, section 9.13. */
export type Hierarchy = 'owner' | 'null' | 'endorsement' | 'platform'

/** The four bytes of a handle, which are also the name of what has no other name. Part 1, section 16. */
export function handleName(handle: number): Uint8Array {
  if (!Number.isInteger(handle) || handle < 0 || handle > 0xffff_ffff) {
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'handle', reason: 'not an unsigned 32-bit integer' })
  }
  return Uint8Array.of(handle >>> 24, (handle >>> 16) & 0xff, (handle >>> 8) & 0xff, handle & 0xff)
}

/** The qualified name of a hierarchy: its handle. Part 1, section 26.6. */
export function hierarchyName(hierarchy: Hierarchy): Uint8Array {
  return handleName(permanentHandles[hierarchy])
}
