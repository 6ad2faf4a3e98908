import type { Tpm, TpmUserKeyKind } from '../ports/index.js'

/** What a suite works with: a TPM that nobody else uses meanwhile. */
export interface TpmSubject {
  readonly tpm: Tpm
  /** Called once at the end of each test, also after the TPM was closed. */
  close(): Promise<void>
}

/** Logs that a host has, each for as long as it is there. */
export interface HostLogs {
  eventLog: Uint8Array
  imaLog?: Uint8Array | undefined
  systemdLog?: Uint8Array | undefined
}

/** What {@link tpmContract} needs of an adapter. */
export interface TpmContractOptions<S extends TpmSubject> {
  create(): Promise<S>
  /** Banks that the TPM has, with all their 24 PCRs. */
  banks: readonly string[]
  /** A bank that the TPM does not have. */
  missingBank: string
  /** Kinds of key that the TPM makes; all by default. */
  kinds?: readonly TpmUserKeyKind[]
  /** A handle for a persistent key that is free; 0x81008F00 by default. */
  persistentHandle?: number
  /**
   * Counts what can be left behind in the TPM, behind the adapter's back: objects, sessions, persistent objects, NV
   * indices. Absent where nobody can.
   */
  countLoaded?(subject: S): Promise<number>
  /** Changes a PCR, behind the adapter's back; absent where nobody can. */
  extend?(subject: S, pcr: number, bank: string): Promise<void>
  /** Makes a subject with these logs, which are read each time that the adapter is asked; absent where nobody can. */
  createWithLogs?(logs: HostLogs): Promise<S>
  /**
   * Makes a subject that calls a function before it sends a command; when that throws, the command is not sent and
   * fails with what was thrown. Absent where nobody can.
   */
  createDisturbed?(beforeCommand: () => void | Promise<void>): Promise<S>
  /** Restarts the TPM and starts it up again, behind the adapter's back and also between two commands; absent where nobody can. */
  restart?(subject: S): Promise<void>
}

/** A part of the suite. */
export type Case<S> = readonly [name: string, run: (subject: S) => Promise<void>]
