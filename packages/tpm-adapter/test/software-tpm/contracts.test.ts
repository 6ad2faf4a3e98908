import type { TpmTransport } from '@trusthold/core/ports'
import { type TpmSubject, tpmContract, tpmTransportContract } from '@trusthold/core/testing'
import { hashFacts, isHashAlgorithm } from '@trusthold/core/tpm2'
import { afterAll, describe, test } from 'vitest'
import { extendPcr, flushAll, loadedHandles, openTpm } from '../../src/index.js'
import { createSoftwareTpm } from '../../src/software-tpm/index.js'

const software = createSoftwareTpm()
afterAll(() => software.close())

interface Subject extends TpmSubject {
  readonly transport: TpmTransport
}

describe('a transport to the software TPM', () => {
  tpmTransportContract(test, {
    create: async () => {
      const transport = await software.transport()
      return { transport, close: () => transport.close() }
    },
  })
})

describe('the software TPM', () => {
  tpmContract<Subject>(test, {
    banks: ['sha256', 'sha1', 'sha384'],
    missingBank: 'sha512',
    create: async () => {
      const transport = await software.transport()
      return {
        transport,
        tpm: await openTpm({ transport }),
        async close() {
          await flushAll(transport).catch(() => undefined)
          await transport.close()
        },
      }
    },
    async countLoaded({ transport }) {
      const { transient, loadedSessions, savedSessions } = await loadedHandles(transport)
      return transient.length + loadedSessions.length + savedSessions.length
    },
    async extend({ transport }, pcr, bank) {
      if (!isHashAlgorithm(bank)) throw new Error(`${bank} is no bank`)
      const digest = new Uint8Array(hashFacts(bank).size).fill(0x5a)
      await extendPcr(transport, { pcr, digests: [{ hashAlg: bank, digest }] })
    },
  })
})
