import { concatBytes } from '@trusthold/core/bytes'
import { digestOf, hashFacts, type TpmlPcrSelection } from '@trusthold/core/tpm2'
import { type Hash, implementedHashes } from '../fields/algorithms.js'
import { refuse } from '../response-codes.js'
import type { Machine } from './machine.js'

/** Values by bank and PCR. */
export type PcrBanks = Record<Hash, Uint8Array[]>

/** PCRs of a bank. */
export const pcrCount = 24

/** Who may do what with a PCR; localities are bit masks. */
export interface PcrFacts {
  /** Kept by TPM2_Shutdown(STATE). */
  readonly save: boolean
  readonly resetBy: number
  readonly extendBy: number
  /** Whether a change is one of the measured state: PolicyPCR sessions end with it. */
  readonly counts: boolean
  /** Of dynamic launch: all ones until it happened. */
  readonly dynamic: boolean
}

/** PC Client Platform TPM Profile 1.05, section 4.6: static PCRs, debug, dynamic launch, application. */
export function pcrFacts(pcr: number): PcrFacts {
  if (pcr < 16) return { save: true, resetBy: 0, extendBy: 0x1f, counts: true, dynamic: false }
  if (pcr === 16 || pcr === 23)
    return { save: false, resetBy: 0x0f, extendBy: 0x1f, counts: false, dynamic: false }
  const resetBy = pcr < 20 ? 0x10 : 0x14
  const extendBy = [0x1c, 0x1c, 0x0c, 0x0e, 0x04, 0x04][pcr - 17] ?? 0
  return { save: false, resetBy, extendBy, counts: pcr < 21, dynamic: true }
}

/** Values of a bank after a start. */
function startValues(hash: Hash): Uint8Array[] {
  const { size } = hashFacts(hash)
  return Array.from({ length: pcrCount }, (_, pcr) =>
    new Uint8Array(size).fill(pcrFacts(pcr).dynamic ? 0xff : 0),
  )
}

/** All banks after a start; the locality of TPM2_Startup shows in PCR 0. Part 1, section 17.2. */
export function startPcrs(locality: number): PcrBanks {
  const banks = Object.fromEntries(implementedHashes.map((hash) => [hash, startValues(hash)])) as PcrBanks
  for (const hash of implementedHashes) {
    const first = banks[hash][0]
    if (first !== undefined) first[first.length - 1] = locality
  }
  return banks
}

function isAllowed(mask: number, locality: number): boolean {
  return locality < 5 && ((mask >> locality) & 1) === 1
}

/** Refuses a locality that may not extend. */
export function requireExtendable(machine: Machine, pcr: number): void {
  if (!isAllowed(pcrFacts(pcr).extendBy, machine.volatile.locality)) refuse('LOCALITY')
}

function countChange(machine: Machine, pcr: number): void {
  if (pcrFacts(pcr).counts) machine.volatile.pcrCounter = (machine.volatile.pcrCounter + 1) >>> 0
}

/** Whether a bank has PCRs. */
export function isAllocated({ stored }: Machine, hash: Hash): boolean {
  return stored.pcrBanks.includes(hash)
}

/** The selection without PCRs that do not exist, as the TPM states it. */
export function existingSelection(machine: Machine, selection: TpmlPcrSelection): TpmlPcrSelection {
  return selection.map((each) => (isAllocated(machine, each.hash as Hash) ? each : { ...each, pcrs: [] }))
}

/** `H(value || digest)` in one bank. Nothing happens in a bank without PCRs. Part 1, section 17.5. */
export function extendPcr(machine: Machine, pcr: number, hash: Hash, digest: Uint8Array): void {
  if (!isAllocated(machine, hash)) return
  const bank = machine.volatile.pcrs[hash]
  bank[pcr] = digestOf(hash, concatBytes(bank[pcr] ?? new Uint8Array(), digest))
  countChange(machine, pcr)
}

/** Sets a PCR of all banks to zero. */
export function resetPcr(machine: Machine, pcr: number): void {
  if (!isAllowed(pcrFacts(pcr).resetBy, machine.volatile.locality)) refuse('LOCALITY')
  for (const bank of Object.values(machine.volatile.pcrs)) bank[pcr]?.fill(0)
  countChange(machine, pcr)
}

/** The values that a selection names, in its order. */
export function selectedValues(machine: Machine, selection: TpmlPcrSelection): readonly Uint8Array[] {
  return existingSelection(machine, selection).flatMap(({ hash, pcrs }) =>
    pcrs.map((pcr) => machine.volatile.pcrs[hash as Hash][pcr] ?? new Uint8Array()),
  )
}

/** Digest of the selected values. */
export function selectedDigest(machine: Machine, hash: Hash, selection: TpmlPcrSelection): Uint8Array {
  return digestOf(hash, concatBytes(...selectedValues(machine, selection)))
}
