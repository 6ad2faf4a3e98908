import { equalBytes } from '../bytes/index.js'
import { type Check, fail, pass, unknown } from '../verdict/index.js'

/**
 * What a TPM states of its own time. Part 2, section 10.11.1; Part 1, section 36.
 *
 * For a key outside of the endorsement and the platform hierarchy the TPM adds a constant of that key, which nobody
 * knows, to both counters and to the firmware version. So they can be compared with what the same key stated before
 * ({@link compareBoots}), but as numbers they mean something only when `obfuscated` is false.
 */
export interface ClockFacts {
  /** Milliseconds that the TPM has been powered; may repeat after a power loss while `safe` is false. */
  readonly clock: bigint
  /** TPM Resets: starts of the machine. */
  readonly resetCount: number
  /** TPM Restarts and Resumes since the last TPM Reset: returns from sleep. */
  readonly restartCount: number
  /** Whether no larger value of `clock` was stated before. */
  readonly safe: boolean
  /** The vendor's number. */
  readonly firmwareVersion: bigint
  /** Whether counters and firmware version are shifted; undefined when the key's hierarchy is not known. */
  readonly obfuscated: boolean | undefined
  /** Qualified name of the key that signed it. */
  readonly qualifiedSigner: Uint8Array
}

/**
 * What happened between two statements of one key.
 * - `same-boot`: the machine ran on.
 * - `resumed`: it slept, and its PCRs were kept.
 * - `rebooted`: it was started anew.
 * - `rolled-back`: the TPM's state is older than it was; a copy of it was put back, as it can be done with virtual TPMs.
 * - `another-key`: another key signed, so nothing can be compared: also what a swapped TPM looks like.
 */
export type BootChange = 'same-boot' | 'resumed' | 'rebooted' | 'rolled-back' | 'another-key'

/** Result of {@link compareBoots}. */
export interface BootComparison {
  readonly change: BootChange
  /** Whether the TPM's firmware is the same as before; undefined when another key signed. */
  readonly firmware: 'same' | 'newer' | 'older' | undefined
}

/** Compares an earlier statement with a later one of the same key. Holds for obfuscated counters too. */
export function compareBoots(before: ClockFacts, after: ClockFacts): BootComparison {
  if (!equalBytes(before.qualifiedSigner, after.qualifiedSigner)) {
    return { change: 'another-key', firmware: undefined }
  }
  return { change: changeBetween(before, after), firmware: compareFirmware(before, after) }
}

function changeBetween(before: ClockFacts, after: ClockFacts): BootChange {
  const resets = stepsBetween(before.resetCount, after.resetCount)
  const ranBack = after.clock < before.clock
  if (resets < 0) return 'rolled-back'
  // After a loss of power the clock goes on from a stored value; that it may be too low is what `safe` says.
  if (resets > 0) return ranBack && after.safe ? 'rolled-back' : 'rebooted'
  const restarts = stepsBetween(before.restartCount, after.restartCount)
  if (restarts < 0 || (ranBack && (restarts === 0 || after.safe))) return 'rolled-back'
  return restarts === 0 ? 'same-boot' : 'resumed'
}

/** How far a 32-bit counter went on; negative when it went back. A shifted counter may pass through 0. */
const stepsBetween = (before: number, after: number): number => (after - before) | 0

function compareFirmware(before: ClockFacts, after: ClockFacts): 'same' | 'newer' | 'older' {
  const step = BigInt.asIntN(64, after.firmwareVersion - before.firmwareVersion)
  if (step === 0n) return 'same'
  return step > 0n ? 'newer' : 'older'
}

/** The firmware is of at least this version. Undecided while it is not known that the version is not shifted. */
export function checkFirmwareVersion(facts: ClockFacts, minimum: bigint): Check {
  const id = 'tpm.firmware-version'
  const show = (version: bigint): string => `0x${version.toString(16).padStart(16, '0')}`
  if (facts.obfuscated !== false) {
    const why =
      facts.obfuscated === undefined
        ? 'the hierarchy of the key is not known'
        : 'the key is in another hierarchy'
    return unknown(
      id,
      `the TPM states its firmware version to keys of the endorsement hierarchy only: ${why}`,
    )
  }
  return facts.firmwareVersion >= minimum
    ? pass(id, `the TPM has firmware ${show(facts.firmwareVersion)}`)
    : fail(id, `expected at least ${show(minimum)}, found ${show(facts.firmwareVersion)}`)
}
