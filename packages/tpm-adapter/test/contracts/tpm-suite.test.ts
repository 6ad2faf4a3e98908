import type { TpmTransport } from '@trusthold/core/ports'
import { type TestRunner, tpmContract } from '@trusthold/core/testing'
import { akTemplates, permanentHandles } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { createCommandRunner, createPrimary, passwordSession } from '../../src/commands/index.js'
import { connectSwtpmTcp, openSwtpmControl } from '../../src/index.js'
import { expectRefused } from './failed-cases.js'
import { type TpmFault, withFault } from './faulty-tpm.js'
import { live, logSources, type Making, type Subject, subjectOf } from './live-subject.js'

let tcp: Swtpm
beforeAll(async () => {
  tcp = await startSwtpm()
})
afterAll(() => tcp.stop())

const restartTcp = () => openSwtpmControl({ port: tcp.tcpPort + 1 }).initialize()
const connectTcp = () => connectSwtpmTcp({ port: tcp.tcpPort })

describe('the suite itself', () => {
  const faulty = (fault: TpmFault) => (runner: TestRunner) => {
    const make = async (making: Making = {}): Promise<Subject> => {
      const transport = await connectTcp()
      return await subjectOf(transport, {
        ...making,
        wrap: (tpm) => withFault(tpm, fault, () => leakObject(transport)),
      })
    }
    const working = live(connectTcp, restartTcp)
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
