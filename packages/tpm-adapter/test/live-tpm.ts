import type { TpmTransport } from '@trusthold/core/ports'
import { permanentHandles, srkTemplates, type TpmlPcrSelection } from '@trusthold/core/tpm2'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import {
  type CommandRunner,
  createCommandRunner,
  createPrimary,
  evictControl,
  flushContext,
  type PrimaryKey,
  passwordSession,
} from '../src/commands/index.js'
import { connectSwtpmTcp, flushAll, loadedHandles, openSwtpmControl } from '../src/index.js'
import { createSoftwareTpm } from '../src/software-tpm/index.js'

/** One command and its response. */
export interface Exchange {
  readonly command: Uint8Array
  readonly response: Uint8Array
}

/** A TPM of its own for the tests of a file. */
export interface LiveTpm {
  readonly transport: TpmTransport
  readonly runner: CommandRunner
  /** Takes the power away and gives it back; TPM2_Startup is not sent. */
  restart(): Promise<void>
  /** All that crossed the bus since the test began. */
  readonly traffic: Exchange[]
  /** A persistent storage key, made from the owner's seed. */
  readonly srk: PrimaryKey
  /** What someone on the bus makes of responses, in the running test. */
  tamper: ((response: Uint8Array, command: Uint8Array) => Uint8Array) | undefined
}

/** A selection of PCRs of the SHA-256 bank. */
export const sha256Pcrs = (...pcrs: readonly number[]): TpmlPcrSelection => [
  { hash: 'sha256', sizeofSelect: 3, pcrs },
]

/** Kinds of TPM that run here. */
export type LiveTpmKind = 'swtpm' | 'software TPM'

interface Power {
  readonly transport: TpmTransport
  restart(): Promise<void>
  stop(): Promise<void>
}

const start: Readonly<Record<LiveTpmKind, () => Promise<Power>>> = {
  async swtpm() {
    const { tcpPort: port, stop } = await startSwtpm()
    const control = openSwtpmControl({ port: port + 1 })
    const restart = (): Promise<void> => control.initialize({ deleteVolatile: true })
    return { transport: await connectSwtpmTcp({ port }), restart, stop }
  },
  async 'software TPM'() {
    const tpm = createSoftwareTpm()
    const restart = async (): Promise<void> => tpm.powerCycle()
    return { transport: await tpm.transport(), restart, stop: () => tpm.close() }
  },
}

async function makeStorageRootKey(runner: CommandRunner): Promise<PrimaryKey> {
  const [hierarchy, persistentHandle] = [permanentHandles.owner, 0x8100_0001]
  const session = passwordSession()
  const made = await createPrimary(runner, { hierarchy, session, template: srkTemplates['ecc-p256'] })
  await evictControl(runner, { hierarchy, session, object: made, persistentHandle })
  await flushContext(runner, made.handle)
  return { ...made, handle: persistentHandle }
}

/**
 * Starts a TPM before the tests of a file and stops it after them. Nothing may be left in it after any test.
 * @returns filled before the first test
 */
export function useLiveTpm(kind: LiveTpmKind = 'swtpm'): LiveTpm {
  const tpm = { traffic: [] as Exchange[], tamper: undefined } as unknown as {
    -readonly [K in keyof LiveTpm]: LiveTpm[K]
  }
  let power: Power
  beforeAll(async () => {
    power = await start[kind]()
    const inner = power.transport
    tpm.transport = {
      async transmit(command, options) {
        const sent = Uint8Array.from(command)
        const received = await inner.transmit(command, options)
        const response = tpm.tamper?.(received, sent) ?? received
        tpm.traffic.push({ command: sent, response: Uint8Array.from(response) })
        return response
      },
      close: () => inner.close(),
    }
    tpm.restart = () => power.restart()
    tpm.runner = createCommandRunner(tpm.transport)
    tpm.srk = await makeStorageRootKey(tpm.runner)
  })
  afterEach(async () => {
    tpm.tamper = undefined
    const left = await loadedHandles(tpm.transport)
    await flushAll(tpm.transport)
    tpm.traffic.length = 0
    expect(left).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
  })
  afterAll(async () => {
    await tpm.transport.close()
    await power.stop()
  })
  return tpm
}
