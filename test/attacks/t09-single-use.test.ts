import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReplayGuard, Storage } from '@trusthold/core/ports'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { openSqlite } from '@trusthold/storage-adapter/sqlite'
import { describe, expect, test } from 'vitest'
import { challengeIn } from './forged-host.js'
import { createRig, refusedBy, send } from './rig.js'

const parallel = 64

const stores: readonly (readonly [string, (directory: string) => Promise<Storage>])[] = [
  ['memory', async () => openMemory()],
  ['SQLite', (directory) => openSqlite(join(directory, 'replay.db'))],
]

describe.each(stores)('T-09 what may be used once is used once, on %s', (_, open) => {
  const withStore = async (work: (storage: Storage) => Promise<void>): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'trusthold-t09-'))
    const storage = await open(directory)
    try {
      await work(storage)
    } finally {
      await storage.close()
      await rm(directory, { recursive: true })
    }
  }

  test(`of ${parallel} answers to one challenge exactly one gets a token`, () =>
    withStore(async (storage) => {
      const rig = await createRig(storage)
      const answer = rig.host.answer(challengeIn(await send(rig, rig.host.hello())))
      const outcomes = await Promise.all(Array.from({ length: parallel }, () => refusedBy(send(rig, answer))))
      expect(outcomes.filter((refused) => refused.length === 0)).toHaveLength(1)
      expect(outcomes.filter((refused) => refused.join() === 'challenge.unused')).toHaveLength(parallel - 1)
      await rig.authority.close()
    }))

  test('a wrong answer uses the challenge up', () =>
    withStore(async (storage) => {
      const rig = await createRig(storage)
      const challenge = challengeIn(await send(rig, rig.host.hello()))
      const wrong = rig.host.answer(challenge, { nonce: () => new Uint8Array(32) })
      expect(await refusedBy(send(rig, wrong))).toEqual(['quote.nonce'])
      expect(await refusedBy(send(rig, rig.host.answer(challenge)))).toEqual(['challenge.unused'])
      await rig.authority.close()
    }))

  test('two nodes on one store share what was used', () =>
    withStore(async (storage) => {
      const first = await createRig(storage)
      const answer = first.host.answer(challengeIn(await send(first, first.host.hello())))
      const second = await secondNode(storage, first.clock)
      const outcomes = await Promise.all([
        refusedBy(send(first, answer)),
        refusedBy(second.attestation.attest(answer)),
      ])
      expect(outcomes.map((refused) => refused.join()).sort()).toEqual(['', 'challenge.unused'])
      await second.close()
      await first.authority.close()
    }))

  test('a guard that cannot be reached leaves it undecided, and nobody gets a token', () =>
    withStore(async (storage) => {
      const replay: ReplayGuard = {
        claim: () => Promise.reject(new Error('the disk is gone')),
        close: () => storage.replay.close(),
      }
      const rig = await createRig({ ...storage, replay })
      const answer = rig.host.answer(challengeIn(await send(rig, rig.host.hello())))
      await expect(send(rig, answer)).rejects.toMatchObject({
        code: 'ATTESTATION_UNDECIDED',
        retryable: true,
      })
      await rig.authority.close()
    }))
})

test('T-09 one request has one document, and none that only the service makes', async () => {
  const rig = await createRig()
  const hello = rig.host.hello()
  const [context] = hello.contexts
  const { contexts: challenge } = (await send(rig, hello)) as { contexts: readonly Uint8Array[] }
  for (const [contexts, path] of [
    [[], 'contexts'],
    [[context, context], 'contexts'],
    [challenge, 'contexts[0].kind'],
  ] as [Uint8Array[], string][]) {
    await expect(send(rig, { ...hello, contexts })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      context: { path },
    })
  }
  await rig.close()
})

async function secondNode(storage: Storage, clock: { now(): number }) {
  const { createAuthority } = await import('@trusthold/core/authority')
  const { noKeyServer } = await import('./rig.js')
  return createAuthority({
    group: 'attacks',
    origins: ['https://authority.example'],
    storage,
    keyServer: noKeyServer,
    clock,
  })
}
