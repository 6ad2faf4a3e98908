import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type AuditRecord,
  type AuditSink,
  auditChainStart,
  chainAudit,
  guardAuditSink,
} from '@trusthold/core/ports'
import { auditSinkContract, type TestRunner } from '@trusthold/core/testing'
import { describe, test } from 'vitest'
import { createMemoryAuditSink } from '../../src/memory/audit-sink.js'
import { expectAccepted, expectRefused } from './failed-cases.js'

type Break = (sink: AuditSink) => AuditSink

/** The suite over a sink that was broken. `raw` survives closing. */
function suite(breakIt: Break, again: (raw: AuditSink) => AuditSink = (raw) => breakIt(guardAuditSink(raw))) {
  return (runner: TestRunner) =>
    auditSinkContract(runner, {
      create: async () => {
        const raw = { ...createMemoryAuditSink(), close: async () => undefined }
        return { raw, sink: breakIt(guardAuditSink(raw)), close: async () => undefined }
      },
      another: async ({ raw }) => again(raw),
      reopen: async ({ raw }) => again(raw),
    })
}

const storing =
  (change: (record: AuditRecord, before: Uint8Array) => AuditRecord): Break =>
  (sink) => {
    const changeAll = (records: readonly AuditRecord[], first: Uint8Array) =>
      records.map((record, i) => change(record, records[i - 1]?.hash ?? first))
    return {
      ...sink,
      append: async (content) => change(await sink.append(content), auditChainStart),
      read: async (from, limit) => changeAll(await sink.read(from, limit), auditChainStart),
    }
  }

/** Looks for the end of the chain first and appends there later, as two statements without a transaction do. */
const racing: Break = (sink) => {
  const records: AuditRecord[] = []
  return {
    ...sink,
    async append(content) {
      const kept = new Uint8Array(content)
      const sequence = records.length + 1
      const hash = chainAudit(records.at(-1)?.hash ?? auditChainStart, sequence, kept)
      await nextTurn()
      records.push({ sequence, content: kept, hash })
      return { sequence, content: kept, hash }
    },
    read: async (from, limit) => records.filter(({ sequence }) => sequence >= from).slice(0, limit),
  }
}

const sharingArrays: Break = (sink) => {
  const records: AuditRecord[] = []
  return {
    ...sink,
    async append(content) {
      const record = await sink.append(content)
      records.push(record)
      return record
    },
    read: async (from, limit) => {
      await sink.read(from, limit)
      return records.slice(from - 1, from - 1 + limit)
    },
  }
}

const lateCopy: Break = (sink) => ({
  ...sink,
  async append(content) {
    await nextTurn()
    return sink.append(content)
  },
})

const lastFirst: Break = (sink) => {
  const waiting: (() => void)[] = []
  return {
    ...sink,
    append: (content) =>
      new Promise((resolve, reject) => {
        const copy = content instanceof Uint8Array ? new Uint8Array(content) : content
        waiting.push(() => void sink.append(copy).then(resolve, reject))
        queueMicrotask(() => waiting.pop()?.())
      }),
  }
}

const broken: readonly [what: string, part: string, breakIt: Break, again?: (raw: AuditSink) => AuditSink][] =
  [
    ['counts from 0', 'stored as they were appended', storing((r) => ({ ...r, sequence: r.sequence - 1 }))],
    [
      'does not link',
      'stored as they were appended',
      storing((r) => ({ ...r, hash: chainAudit(auditChainStart, r.sequence, r.content) })),
    ],
    [
      'hashes the content only',
      'stored as they were appended',
      storing((r, b) => ({ ...r, hash: chainAudit(b, 0, r.content) })),
    ],
    [
      'cuts content',
      'stored as they were appended',
      storing((r) => ({ ...r, content: r.content.slice(0, 65_535) })),
    ],
    [
      'takes an empty content for none',
      'stored as they were appended',
      storing((r) => ({ ...r, content: r.content.length ? r.content : new Uint8Array([0]) })),
    ],
    ['looks for the end and appends later', '100 concurrent appends', racing],
    ['carries out the last call first', '100 concurrent appends', lastFirst],
    ['hands out its own arrays', 'changing what was returned', sharingArrays],
    ['copies too late', 'arrays that are passed in', lateCopy],
    [
      'takes any content',
      'above 64 KiB',
      (sink) => ({ ...sink, append: (c) => sink.append(new Uint8Array(c).slice(0, 65_536)) }),
    ],
    [
      'ignores where to start',
      'starts where it should',
      (sink) => ({ ...sink, read: (_, limit) => sink.read(1, limit) }),
    ],
    [
      'reads one too few',
      'ends at the limit',
      (sink) => ({ ...sink, read: async (from, limit) => (await sink.read(from, limit)).slice(0, 99) }),
    ],
    [
      'ends at multiples of 64',
      'ends at the limit',
      (sink) => ({ ...sink, read: async (from, limit) => (await sink.read(from, limit)).slice(0, 128) }),
    ],
    [
      'clamps numbers',
      'other numbers',
      (sink) => ({
        ...sink,
        read: (from, limit) =>
          sink.read(Math.max(1, Math.trunc(from) || 1), Math.min(1000, Math.max(1, Math.trunc(limit) || 1))),
      }),
    ],
    ['works on after close', 'after close', () => createMemoryAuditSink()],
    [
      'starts a chain of its own in every process',
      'through two sinks',
      (sink) => sink,
      () => createMemoryAuditSink(),
    ],
    [
      'loses its records when it is closed',
      'goes on after closing',
      (sink) => sink,
      () => createMemoryAuditSink(),
    ],
  ]

test('a sink that keeps the contract passes', () => expectAccepted(suite((sink) => sink)))

describe('a sink fails that', () => {
  test.each(broken)('%s', (_, part, breakIt, again) => expectRefused(suite(breakIt, again), part))
})
