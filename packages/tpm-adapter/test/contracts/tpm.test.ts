import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import { type TestRunner, type TpmSubject, tpmContract } from '@trusthold/core/testing'
import { akTemplates, hashFacts, isHashAlgorithm, permanentHandles } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { createPrimary } from '../../src/commands/create-primary.js'
import { createCommandRunner } from '../../src/commands/run-command.js'
import { passwordSession } from '../../src/commands/sessions.js'
import {
  connectSwtpmTcp,
  connectSwtpmUnix,
  extendPcr,
  flushAll,
  loadedHandles,
  openTpm,
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

async function subjectOf(transport: TpmTransport, wrap: (tpm: Tpm) => Tpm = (tpm) => tpm): Promise<Subject> {
  return {
    transport,
    tpm: wrap(await openTpm({ transport })),
    async close() {
      await flushAll(transport).catch(() => undefined)
      await transport.close()
    },
  }
}

async function countLoaded({ transport }: Subject): Promise<number> {
  const { transient, loadedSessions, savedSessions } = await loadedHandles(transport)
  return transient.length + loadedSessions.length + savedSessions.length
}

async function extend({ transport }: Subject, pcr: number, bank: string): Promise<void> {
  if (!isHashAlgorithm(bank)) throw new Error(`${bank} is no bank`)
  const digest = new Uint8Array(hashFacts(bank).size).fill(0x5a)
  await extendPcr(transport, { pcr, digests: [{ hashAlg: bank, digest }] })
}

const common = { banks: ['sha256', 'sha1', 'sha384'], missingBank: 'sha512', countLoaded, extend }

describe('swtpm over TCP', () => {
  tpmContract(test, {
    ...common,
    create: async () => subjectOf(await connectSwtpmTcp({ port: tcp.tcpPort })),
  })
})

describe('swtpm over a UNIX socket', () => {
  tpmContract(test, {
    ...common,
    create: async () => subjectOf(await connectSwtpmUnix({ path: unix.unixPath as string })),
  })
})

describe('the suite itself', () => {
  const faulty = (fault: TpmFault) => (runner: TestRunner) =>
    tpmContract(runner, {
      ...common,
      create: async () => {
        const transport = await connectSwtpmTcp({ port: tcp.tcpPort })
        return await subjectOf(transport, (tpm) => withFault(tpm, fault, () => leakObject(transport)))
      },
    })

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
