import type { KeyObject } from 'node:crypto'
import type { RandomSource } from '@trusthold/core/ports'
import { computeName, type TpmtHaOrNull } from '@trusthold/core/tpm2'
import type { KeyObjectEntry, LoadedEntry } from './objects.js'
import type { PcrBanks } from './pcrs.js'
import type { SessionTable } from './sessions.js'
import type { EnableName, PersistentObject, StoredState } from './stored-state.js'

/** What a TPM forgets when it loses power. */
export interface VolatileState {
  /** By TPM2_Startup. */
  started: boolean
  /** Whether TPM2_Shutdown came before the power went. */
  orderly: boolean
  locality: number
  /** Of the command that runs, in the TPM's own milliseconds since power came. */
  time: bigint
  pcrs: PcrBanks
  pcrCounter: number
  /** By slot. */
  objects: (LoadedEntry | undefined)[]
  sessions: SessionTable
  nullSeed: Uint8Array
  nullProof: Uint8Array
  platformAuth: Uint8Array
  platformPolicy: TpmtHaOrNull
  enabled: Record<EnableName, boolean>
  /** Of object contexts. */
  objectContexts: bigint
  /** Of restarts since the last reset: contexts of stClear objects end with it. */
  clearCount: number
  /** NV counters and others that were written since the start; PCR events need none. */
  lockoutTimers: { healed: bigint; lockoutAuth: bigint }
}

/** A TPM: what it stores, what it has in memory, and what it needs from outside. */
export interface Machine {
  readonly stored: StoredState
  readonly volatile: VolatileState
  readonly random: RandomSource
  /** Has the stored state written before the response leaves. */
  save(): void
  /** A stored object as those in slots are. */
  persistentEntry(stored: PersistentObject): KeyObjectEntry
  /** Private keys in OpenSSL's form, by a digest of the key. */
  readonly privateKeys: Map<string, KeyObject>
}

/** What a machine is made of. */
export interface MachineParts {
  readonly stored: StoredState
  readonly volatile: VolatileState
  readonly random: RandomSource
  readonly save: () => void
}

/** Puts a machine together. */
export function createMachine(parts: MachineParts): Machine {
  const entries = new WeakMap<PersistentObject, KeyObjectEntry>()
  return {
    ...parts,
    privateKeys: new Map(),
    persistentEntry(stored) {
      const known = entries.get(stored)
      if (known !== undefined) return known
      const { publicArea, sensitive, qualifiedName, hierarchy } = stored
      const entry: KeyObjectEntry = {
        kind: 'object',
        publicArea,
        sensitive,
        name: computeName(publicArea),
        qualifiedName,
        hierarchy,
        external: false,
        stClear: false,
      }
      entries.set(stored, entry)
      return entry
    },
  }
}
