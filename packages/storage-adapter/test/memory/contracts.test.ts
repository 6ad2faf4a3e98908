import { auditSinkContract, configStoreContract, replayGuardContract } from '@trusthold/core/testing'
import { test } from 'vitest'
import { openMemory } from '../../src/index.js'
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
    const { replay, close } = openMemory({ clock })
    return { guard: replay, setTime: clock.set, close }
  },
  forgetsAfterMs: grace,
})

auditSinkContract(test, {
  create: async () => {
    const { audit, close } = openMemory()
    return { sink: audit, close }
  },
})
