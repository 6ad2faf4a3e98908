/**
 * What the `Tpm` suite works with, for TPMs that we may restart and look into behind the adapter's back.
 * @module
 */
import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import type { HostLogs, TpmContractOptions, TpmSubject } from '@trusthold/core/testing'
import { hashFacts, isHashAlgorithm } from '@trusthold/core/tpm2'
import { createCommandRunner, readHandles } from '../../src/commands/index.js'
import { extendPcr, flushAll, loadedHandles, type OpenTpmOptions, openTpm, startUp } from '../../src/index.js'

/** A TPM and the way to it. */
export interface Subject extends TpmSubject {
  readonly transport: TpmTransport
}

/** What is special about a subject. */
export interface Making {
  readonly wrap?: (tpm: Tpm) => Tpm
  readonly options?: OpenTpmOptions
  readonly beforeCommand?: () => void | Promise<void>
}

/** Opens a TPM. */
export async function subjectOf(transport: TpmTransport, making: Making = {}): Promise<Subject> {
  const { wrap = (tpm: Tpm) => tpm, options, beforeCommand } = making
  const disturbed: TpmTransport = {
    async transmit(command, how) {
      await beforeCommand?.()
      return await transport.transmit(command, how)
    },
    close: () => transport.close(),
  }
  const tpm = await openTpm({ ...options, transport: beforeCommand === undefined ? transport : disturbed })
  return {
    transport,
    tpm: wrap(tpm),
    async close() {
      await flushAll(transport).catch(() => undefined)
      await transport.close()
    },
  }
}

async function countLoaded({ transport }: Subject): Promise<number> {
  const { transient, loadedSessions, savedSessions } = await loadedHandles(transport)
  const runner = createCommandRunner(transport)
  const persistent = await readHandles(runner, 'persistent')
  const indices = await readHandles(runner, 'nvIndex')
  return [transient, loadedSessions, savedSessions, persistent, indices].flat().length
}

async function extend({ transport }: Subject, pcr: number, bank: string): Promise<void> {
  if (!isHashAlgorithm(bank)) throw new Error(`${bank} is no bank`)
  const digest = new Uint8Array(hashFacts(bank).size).fill(0x5a)
  await extendPcr(transport, { pcr, digests: [{ hashAlg: bank, digest }] })
}

const common = { banks: ['sha256', 'sha1', 'sha384'], missingBank: 'sha512', countLoaded, extend }

/** Logs as the adapter takes them. */
export const logSources = (logs: HostLogs): OpenTpmOptions => ({
  eventLog: async () => logs.eventLog,
  imaLog: async () => logs.imaLog,
  systemdLog: async () => logs.systemdLog,
})

/** Everything that can be done with a TPM that we may restart. */
export function live(
  connect: () => Promise<TpmTransport>,
  powerCycle: () => Promise<void>,
): TpmContractOptions<Subject> {
  return {
    ...common,
    create: async () => subjectOf(await connect()),
    createDisturbed: async (beforeCommand) => subjectOf(await connect(), { beforeCommand }),
    createWithLogs: async (logs) => subjectOf(await connect(), { options: logSources(logs) }),
    async restart({ transport }) {
      await powerCycle()
      await startUp(transport)
    },
  }
}
