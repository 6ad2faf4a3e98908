import { describe, expect, it } from 'vitest'
import { createAuditLog } from '../../src/audit/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { auditChainStart, chainAudit } from '../../src/ports/index.js'
import { rejectionOf } from '../jose/thrown.js'
import { fakeStorage } from '../key-provider/fixtures.js'
import { fakeClock } from '../token/fixtures.js'

const event = {
  action: 'key.generate',
  outcome: 'allowed',
  subject: 'ek:00',
  details: { provider: 'finance' },
} as const

describe('createAuditLog', () => {
  it('writes one JSON object, the time first', async () => {
    const storage = fakeStorage()
    await createAuditLog(storage.audit, fakeClock()).record(event)
    const text = new TextDecoder().decode(storage.records[0]?.content)
    expect(text).toBe(
      '{"time":"2027-01-15T08:00:00.000Z","action":"key.generate","outcome":"allowed","subject":"ek:00","details":{"provider":"finance"}}',
    )
  })

  it('writes only what an event has', async () => {
    const storage = fakeStorage()
    const more = { ...event, token: 'canary', time: 'yesterday' }
    await createAuditLog(storage.audit, fakeClock()).record(more)
    const text = new TextDecoder().decode(storage.records[0]?.content)
    expect(text).not.toContain('canary')
    expect(text).not.toContain('yesterday')
  })

  it('writes odd texts so that they stay inside their own', async () => {
    const storage = fakeStorage()
    const details = { provider: '"},\n{"outcome":"allowed\u2028' }
    await createAuditLog(storage.audit, fakeClock()).record({ ...event, outcome: 'refused', details })
    const text = new TextDecoder().decode(storage.records[0]?.content)
    expect(text).not.toContain('\n')
    expect(JSON.parse(text)).toMatchObject({ outcome: 'refused', details })
  })

  it('is a chain', async () => {
    const storage = fakeStorage()
    const log = createAuditLog(storage.audit, fakeClock())
    await log.record(event)
    await log.record(event)
    let previous = auditChainStart
    for (const { sequence, content, hash } of storage.records) {
      expect(hash).toEqual(chainAudit(previous, sequence, content))
      previous = hash
    }
  })

  it('is not done before the sink is, and fails when it does', async () => {
    const storage = fakeStorage()
    const log = createAuditLog(storage.audit, fakeClock())
    storage.auditFailure = new TrustholdError('STORE_UNAVAILABLE', { operation: 'append', reason: 'full' })
    expect(await rejectionOf(log.record(event))).toBe(storage.auditFailure)
    let finish: () => void = () => undefined
    let done = false
    const waiting = new Promise<void>((resolve) => (finish = resolve))
    const slow = {
      ...storage.audit,
      async append() {
        await waiting
        return { sequence: 1, content: new Uint8Array(), hash: new Uint8Array(32) }
      },
    }
    const recording = createAuditLog(slow, fakeClock())
      .record(event)
      .then(() => (done = true))
    await new Promise(setImmediate)
    expect(done).toBe(false)
    finish()
    await recording
    expect(done).toBe(true)
  })
})
