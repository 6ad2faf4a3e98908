import type { TpmsNvPublic, TpmtHaOrNull, TpmtPublic, TpmtSensitive } from '@trusthold/core/tpm2'
import type { Hash } from '../fields/algorithms.js'

/** What a hierarchy keeps for as long as the TPM lives, or until it is cleared. TPM 2.0 Part 1, section 14. */
export interface StoredHierarchy {
  /** Primary keys come from it. */
  seed: Uint8Array
  /** Key of the hierarchy's tickets and contexts. */
  proof: Uint8Array
  auth: Uint8Array
  policy: TpmtHaOrNull
}

/** An NV index. */
export interface NvIndex {
  publicArea: TpmsNvPublic
  auth: Uint8Array
  data: Uint8Array
}

/** An object in NV memory. */
export interface PersistentObject {
  readonly handle: number
  readonly publicArea: TpmtPublic
  readonly sensitive: TpmtSensitive
  readonly qualifiedName: Uint8Array
  readonly hierarchy: number
}

/** What TPM2_Shutdown(STATE) keeps for the next start. Part 1, section 12.2.3. */
export interface SuspendedState {
  readonly pcrs: Readonly<Record<string, readonly Uint8Array[]>>
  readonly pcrCounter: number
  readonly nullSeed: Uint8Array
  readonly nullProof: Uint8Array
  readonly platformAuth: Uint8Array
  readonly platformPolicy: TpmtHaOrNull
  readonly enabled: Readonly<Record<EnableName, boolean>>
  readonly contextCounter: bigint
  readonly objectContexts: bigint
  readonly clearCount: number
  /** Sessions that were saved: handle and sequence. */
  readonly savedSessions: readonly (readonly [handle: number, sequence: bigint])[]
}

/** What can be switched off until the next start. */
export type EnableName = 'owner' | 'endorsement' | 'platform' | 'platformNv'

/** Everything that outlasts a power cycle. */
export interface StoredState {
  owner: StoredHierarchy
  endorsement: StoredHierarchy
  platform: Pick<StoredHierarchy, 'seed' | 'proof'>
  lockout: Pick<StoredHierarchy, 'auth' | 'policy'>
  disableClear: boolean
  /** Banks that have PCRs. */
  readonly pcrBanks: readonly Hash[]
  clock: bigint
  clockSafe: boolean
  resetCount: number
  restartCount: number
  /** How the TPM was left: not at all, with DA protected objects used, or by TPM2_Shutdown. */
  leftBy: 'power cut' | 'power cut after use' | 'clear' | 'state'
  suspended: SuspendedState | undefined
  dictionaryAttack: {
    failedTries: number
    maxTries: number
    /** In seconds. */
    recoveryTime: number
    /** In seconds. */
    lockoutRecovery: number
    lockoutAuthEnabled: boolean
  }
  nv: NvIndex[]
  /** Highest value of any NV counter that was deleted. */
  maxCounter: bigint
  persistent: PersistentObject[]
  /** Primes of primary RSA keys by the digest of what they come from: finding them takes long. */
  primes: [digest: string, prime: Uint8Array][]
}

function mark(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $integer: String(value) }
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value
}

function unmark(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$bytes' in value) return new Uint8Array(Buffer.from(String(value.$bytes), 'base64'))
  return '$integer' in value ? BigInt(String(value.$integer)) : value
}

/** A value of plain data, byte strings and bigints as JSON. */
export function writeMarked(value: unknown): string {
  return JSON.stringify(value, mark)
}

/** Undoes {@link writeMarked}; throws SyntaxError for what is no JSON. */
export function readMarked(text: string): unknown {
  return JSON.parse(text, unmark)
}
