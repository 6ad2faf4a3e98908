import { auditSinkContract, configStoreContract, replayGuardContract } from '@trusthold/core/testing'
import { test } from 'vitest'
import { createSqliteSubject } from './sqlite-subject.js'

const day = 24 * 60 * 60 * 1000
const grace = 5 * 60 * 1000

configStoreContract(test, {
  create: async () => {
    const subject = await createSqliteSubject()
    return { store: subject.storage.config, subject, close: () => subject.close() }
  },
  another: async ({ subject }) => (await subject.openAgain()).config,
  reopen: async ({ subject }) => (await subject.reopen()).config,
  outliveDeletions: async ({ subject }) => subject.clock.advance(day + 1),
})

replayGuardContract(test, {
  create: async () => {
    const subject = await createSqliteSubject()
    return {
      guard: subject.storage.replay,
      setTime: subject.clock.set,
      subject,
      close: () => subject.close(),
    }
  },
  forgetsAfterMs: grace,
  count: async ({ subject }) => subject.query('SELECT id_digest FROM claims').length,
  another: async ({ subject }) => (await subject.openAgain()).replay,
  reopen: async ({ subject }) => (await subject.reopen()).replay,
})

auditSinkContract(test, {
  create: async () => {
    const subject = await createSqliteSubject()
    return { sink: subject.storage.audit, subject, close: () => subject.close() }
  },
  another: async ({ subject }) => (await subject.openAgain()).audit,
  reopen: async ({ subject }) => (await subject.reopen()).audit,
})
