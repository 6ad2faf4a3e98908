import type { TpmTransport } from '@trusthold/core/ports'
import { permanentHandles, srkTemplates, type TpmlPcrSelection } from '@trusthold/core/tpm2'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import {
  type CommandRunner,
  createCommandRunner,
  createPrimary,
  evictControl,
  flushContext,
  type PrimaryKey,
  passwordSession,
} from '../src/commands/index.js'
import { connectSwtpmTcp, flushAll, loadedHandles } from '../src/index.js'

/** One command and its response. */
export interface Exchange {
  readonly command: Uint8Array
  readonly response: Uint8Array
}

/** A TPM of its own for the tests of a file. */
export interface LiveTpm {
  readonly peer: Swtpm
  readonly transport: TpmTransport
  readonly runner: CommandRunner
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
export function useLiveTpm(): LiveTpm {
  const tpm = { traffic: [] as Exchange[], tamper: undefined } as unknown as {
    -readonly [K in keyof LiveTpm]: LiveTpm[K]
  }
  beforeAll(async () => {
    tpm.peer = await startSwtpm()
    const inner = await connectSwtpmTcp({ port: tpm.peer.tcpPort })
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
    await tpm.peer.stop()
  })
  return tpm
}
