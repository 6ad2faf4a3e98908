import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import {
  type HostLogs,
  type TestRunner,
  type TpmContractOptions,
  type TpmSubject,
  tpmContract,
} from '@trusthold/core/testing'
import { akTemplates, hashFacts, isHashAlgorithm, permanentHandles } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { createPrimary } from '../../src/commands/create-primary.js'
import { readHandles } from '../../src/commands/get-capability.js'
import { createCommandRunner } from '../../src/commands/run-command.js'
import { passwordSession } from '../../src/commands/sessions.js'
import {
  connectSwtpmTcp,
  connectSwtpmUnix,
  extendPcr,
  flushAll,
  loadedHandles,
  type OpenTpmOptions,
  openSwtpmControl,
  openTpm,
  type SwtpmControl,
  startUp,
} from '../../src/index.js'
import { expectRefused } from './failed-cases.js'
import { type TpmFault, withFault } from './faulty-tpm.js'

let tcp: Swtpm
let unix: Swtpm
beforeAll(async () => {
  ;[tcp, unix] = await Promise.all([startSwtpm(), startSwtpm({ socket: 'unix' })])
})
afterAll(() => Promise.all([tcp.stop(), unix.stop()]))

interface Subject extends TpmSubject {
  readonly transport: TpmTransport
}

interface Making {
  readonly wrap?: (tpm: Tpm) => Tpm
  readonly options?: OpenTpmOptions
  readonly beforeCommand?: () => void | Promise<void>
}

async function subjectOf(transport: TpmTransport, making: Making = {}): Promise<Subject> {
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

const logSources = (logs: HostLogs): OpenTpmOptions => ({
  eventLog: async () => logs.eventLog,
  imaLog: async () => logs.imaLog,
  systemdLog: async () => logs.systemdLog,
})

/** Everything that can be done with an swtpm. */
function live(
  connect: () => Promise<TpmTransport>,
  control: () => SwtpmControl,
): TpmContractOptions<Subject> {
  return {
    ...common,
    create: async () => subjectOf(await connect()),
    createDisturbed: async (beforeCommand) => subjectOf(await connect(), { beforeCommand }),
    createWithLogs: async (logs) => subjectOf(await connect(), { options: logSources(logs) }),
    async restart({ transport }) {
      await control().initialize()
      await startUp(transport)
    },
  }
}

const connectTcp = () => connectSwtpmTcp({ port: tcp.tcpPort })

describe('swtpm over TCP', () => {
  tpmContract(
    test,
    live(connectTcp, () => openSwtpmControl({ port: tcp.tcpPort + 1 })),
  )
})

describe('swtpm over a UNIX socket', () => {
  const path = () => unix.unixPath as string
  tpmContract(
    test,
    live(
      () => connectSwtpmUnix({ path: path() }),
      () => openSwtpmControl({ path: `${path()}.ctrl` }),
    ),
  )
})

describe('the suite itself', () => {
  const faulty = (fault: TpmFault) => (runner: TestRunner) => {
    const make = async (making: Making = {}): Promise<Subject> => {
      const transport = await connectTcp()
      return await subjectOf(transport, {
        ...making,
        wrap: (tpm) => withFault(tpm, fault, () => leakObject(transport)),
      })
    }
    const working = live(connectTcp, () => openSwtpmControl({ port: tcp.tcpPort + 1 }))
    tpmContract(runner, {
      ...working,
      create: () => make(),
      createDisturbed: (beforeCommand) => make({ beforeCommand }),
      createWithLogs: (logs) => make({ options: logSources(logs) }),
    })
  }

  test.each<[TpmFault, string]>([
    ['quotes without the qualifying data', 'a quote is signed'],
    ['quotes fewer PCRs', 'a quote is signed'],
    ['quotes with another key', 'a quote is signed'],
    ['gives the secret for any credential', 'a credential that was changed'],
    ['does not open credentials', 'a credential for the key opens'],
    ['makes a new key instead of the saved one', 'a saved key comes back'],
    ['reads eight PCRs at most', 'PCR values come by bank'],
    ['mixes up PCRs', 'PCR values come by bank'],
    ['makes the kind of key that it likes', 'or the one asked for'],
    ['always makes the same key', 'each new attestation key is another one'],
    ['works on after close', 'after close calls fail'],
    ['lets keys work after close', 'a closed key does nothing'],
    ['makes up banks', 'what the TPM does not have'],
    ['leaves something behind', 'nothing stays in the TPM'],
    ['leaves something behind', 'a caller that gives up'],
    ['leaves something behind', 'a way to the TPM that fails'],
    ['makes keys under the parent that it likes', 'under either parent'],
    ['makes the kind of key that it likes', 'under either parent'],
    ['makes up creation data', 'that a TPM made an attestation key'],
    ['states the time without the qualifying data', 'clock and counters'],
    ['shortens qualifying data', 'statements take no more'],
    ['keeps no key persistent', 'a persistent attestation key'],
    ['takes any handle', 'handles that are not'],
    ['signs another digest', 'signing keys sign digests'],
    ['decrypts to zeros', 'decryption keys decrypt'],
    ['agrees on zeros', 'decryption keys on curves'],
    ['certifies any key', 'certifies keys of its TPM'],
    ['makes a new key instead of the saved one', 'saved keys come back'],
    ['remembers what it unsealed', 'opens under its policy'],
    ['remembers what it unsealed', 'once its PCRs were extended'],
    ['imports whatever comes', 'what was changed on its way'],
    ['shows old logs', 'logs are those of the host'],
    ['shows an empty log for none', 'a host without the list'],
    ['never works again after a failure', 'a way to the TPM that fails'],
    ['never works again after a failure', 'a TPM that is restarted'],
  ])('refuses a TPM that %s', (fault, part) => expectRefused(faulty(fault), part))
})

/** Loads a key and forgets it. */
async function leakObject(transport: TpmTransport): Promise<void> {
  await createPrimary(createCommandRunner(transport), {
    hierarchy: permanentHandles.owner,
    session: passwordSession(),
    template: akTemplates['ecc-p256'],
  })
}
