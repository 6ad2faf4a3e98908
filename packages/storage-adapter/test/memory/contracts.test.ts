import { guardReplayGuard } from '@trusthold/core/ports'
import { auditSinkContract, configStoreContract, replayGuardContract } from '@trusthold/core/testing'
import { test } from 'vitest'
import { openMemory } from '../../src/index.js'
import { createMemoryReplayGuard } from '../../src/memory/replay-guard.js'
import { createManualClock } from '../manual-clock.js'

const day = 24 * 60 * 60 * 1000
const grace = 5 * 60 * 1000

configStoreContract(test, {
  create: async () => {
    const clock = createManualClock()
    const { config, close } = openMemory({ clock })
    return { store: config, clock, close }
  },
  outliveDeletions: async ({ clock }) => clock.advance(day + 1),
})

replayGuardContract(test, {
  create: async () => {
    const clock = createManualClock()
    const claims = new Map<string, number>()
    const guard = guardReplayGuard(createMemoryReplayGuard(clock, grace, claims))
    return { guard, claims, setTime: clock.set, close: guard.close }
  },
  forgetsAfterMs: grace,
  count: async ({ claims }) => claims.size,
})

auditSinkContract(test, {
  create: async () => {
    const { audit, close } = openMemory()
    return { sink: audit, close }
  },
})
