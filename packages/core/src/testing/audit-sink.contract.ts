import assert from 'node:assert/strict'
import { type AuditRecord, type AuditSink, auditChainStart, chainAudit } from '../ports/index.js'
import type { TestRunner } from './contract.js'
import { expectCode } from './expectations.js'

/** What a suite works with: a fresh, empty sink that shares nothing with others. */
export interface AuditSinkSubject {
  readonly sink: AuditSink
  /** Called once at the end of each test, also after the sink was closed. */
  close(): Promise<void>
}

/** What {@link auditSinkContract} needs of an adapter. */
export interface AuditSinkContractOptions<S extends AuditSinkSubject> {
  create(): Promise<S>
  /** Another sink over the same records, as another process has it; absent when they cannot be shared. */
  another?(subject: S): Promise<AuditSink>
  /** Closes the sink and opens it again; absent when records do not survive that. */
  reopen?(subject: S): Promise<AuditSink>
}

const contentOf = (number: number): Uint8Array => new TextEncoder().encode(`record ${number}`)
const textOf = (record: AuditRecord): string => new TextDecoder().decode(record.content)

/** Fails unless the records are one chain from the first record on. */
export function assertAuditChain(records: readonly AuditRecord[]): void {
  let previous = auditChainStart
  for (const [index, { sequence, content, hash }] of records.entries()) {
    assert.equal(sequence, index + 1, 'sequence numbers are gapless')
    assert.ok(content instanceof Uint8Array && hash instanceof Uint8Array)
    const expected = chainAudit(previous, sequence, content)
    assert.deepEqual(new Uint8Array(hash), expected, `record ${sequence} is linked to the one before`)
    previous = expected
  }
}

/** Reads all records, page by page. */
async function readAll(sink: AuditSink, limit: number): Promise<AuditRecord[]> {
  const all: AuditRecord[] = []
  for (;;) {
    const page = await sink.read(all.length + 1, limit)
    all.push(...page)
    assert.ok(all.length <= 1000, 'the chain ends')
    if (page.length < limit) return all
    assert.equal(page.length, limit)
  }
}

const appendMany = (sink: AuditSink, count: number, from = 1): Promise<AuditRecord[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => sink.append(contentOf(from + i))))

type Case<S> = readonly [name: string, run: (subject: S) => Promise<void>]

const appendCases: readonly Case<AuditSinkSubject>[] = [
  [
    'an empty sink has no records',
    async ({ sink }) => {
      assert.deepEqual(await sink.read(1, 1000), [])
    },
  ],
  [
    'records are stored as they were appended',
    async ({ sink }) => {
      const contents = [
        contentOf(1),
        new Uint8Array(0),
        new Uint8Array(65_536).fill(255),
        new Uint8Array([0]),
      ]
      const appended: AuditRecord[] = []
      for (const content of contents) appended.push(await sink.append(content))
      assertAuditChain(appended)
      const stored = await sink.read(1, 10)
      assertAuditChain(stored)
      assert.deepEqual(
        stored.map((record) => new Uint8Array(record.content)),
        contents,
      )
      assert.deepEqual(
        stored.map((record) => record.hash),
        appended.map((record) => record.hash),
      )
    },
  ],
  [
    '100 concurrent appends make one chain, in the order of the calls',
    async ({ sink }) => {
      const appended = await appendMany(sink, 100)
      assertAuditChain(appended)
      const stored = await readAll(sink, 7)
      assertAuditChain(stored)
      assert.deepEqual(
        stored.map(textOf),
        Array.from({ length: 100 }, (_, i) => `record ${i + 1}`),
      )
    },
  ],
  [
    'content above 64 KiB is refused and leaves no trace',
    async ({ sink }) => {
      await expectCode('STORE_ARGUMENT', () => sink.append(new Uint8Array(65_537)))
      await expectCode('STORE_ARGUMENT', () => sink.append('text' as unknown as Uint8Array))
      assert.equal((await sink.append(contentOf(1))).sequence, 1)
      assertAuditChain(await sink.read(1, 10))
    },
  ],
  [
    'arrays that are passed in are neither kept nor changed',
    async ({ sink }) => {
      const backing = new Uint8Array([9, 1, 2, 3, 9])
      const content = backing.subarray(1, 4)
      const running = sink.append(content)
      assert.deepEqual(backing, new Uint8Array([9, 1, 2, 3, 9]))
      backing.fill(7)
      await running
      backing.fill(8)
      const stored = await sink.read(1, 1)
      assertAuditChain(stored)
      assert.deepEqual(
        stored.map((record) => [...record.content]),
        [[1, 2, 3]],
      )
    },
  ],
  [
    'changing what was returned changes nothing stored',
    async ({ sink }) => {
      const first = await sink.append(contentOf(1))
      first.content.fill(0)
      first.hash.fill(0)
      const page = await sink.read(1, 10)
      for (const record of page) {
        record.content.fill(0)
        record.hash.fill(0)
      }
      ;(page as AuditRecord[]).length = 0
      await sink.append(contentOf(2))
      const stored = await sink.read(1, 10)
      assertAuditChain(stored)
      assert.deepEqual(stored.map(textOf), ['record 1', 'record 2'])
    },
  ],
]

const readCases: readonly Case<AuditSinkSubject>[] = [
  [
    'reading starts where it should and ends at the limit',
    async ({ sink }) => {
      await appendMany(sink, 250)
      const sequences = async (from: number, limit: number) =>
        (await sink.read(from, limit)).map((record) => record.sequence)
      assert.deepEqual(await sequences(1, 1), [1])
      assert.deepEqual(await sequences(250, 1000), [250])
      assert.deepEqual(await sequences(251, 1000), [])
      assert.deepEqual(await sequences(Number.MAX_SAFE_INTEGER, 1), [])
      for (const limit of [1, 63, 64, 65, 99, 100, 101, 128, 200, 249, 250, 251, 1000]) {
        const expected = Array.from({ length: Math.min(limit, 249) }, (_, i) => i + 2)
        assert.deepEqual(await sequences(2, limit), expected, `limit ${limit}`)
      }
    },
  ],
  [
    'other numbers are refused',
    async ({ sink }) => {
      await sink.append(contentOf(1))
      for (const from of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
        await expectCode('STORE_ARGUMENT', () => sink.read(from, 10))
      }
      for (const limit of [0, -1, 1.5, Number.NaN, 1001]) {
        await expectCode('STORE_ARGUMENT', () => sink.read(1, limit))
      }
    },
  ],
  [
    'after close calls are refused, and those before are carried out',
    async ({ sink }) => {
      const before = sink.append(contentOf(1))
      await sink.close()
      assert.equal((await before).sequence, 1)
      await expectCode('STORE_CLOSED', () => sink.append(contentOf(2)))
      await expectCode('STORE_CLOSED', () => sink.read(1, 1))
      await sink.close()
    },
  ],
]

const anotherCases = <S extends AuditSinkSubject>(
  another: (subject: S) => Promise<AuditSink>,
): readonly Case<S>[] => [
  [
    'appends through two sinks make one chain',
    async (subject) => {
      const other = await another(subject)
      const [ours, theirs] = await Promise.all([appendMany(subject.sink, 50), appendMany(other, 50, 1001)])
      const stored = await readAll(other, 1000)
      assertAuditChain(stored)
      const appended = [...ours, ...theirs].sort((a, b) => a.sequence - b.sequence)
      assert.deepEqual(stored.map(textOf), appended.map(textOf))
    },
  ],
]

const reopenCases = <S extends AuditSinkSubject>(
  reopen: (subject: S) => Promise<AuditSink>,
): readonly Case<S>[] => [
  [
    'the chain goes on after closing and opening',
    async (subject) => {
      await appendMany(subject.sink, 3)
      const again = await reopen(subject)
      assert.equal((await again.append(contentOf(4))).sequence, 4)
      const stored = await again.read(1, 10)
      assertAuditChain(stored)
      assert.equal(stored.length, 4)
    },
  ],
]

/**
 * Proves that an adapter keeps the contract of {@link AuditSink}.
 * @param test registers one test
 */
export function auditSinkContract<S extends AuditSinkSubject>(
  test: TestRunner,
  options: AuditSinkContractOptions<S>,
): void {
  const cases: readonly Case<S>[] = [
    ...appendCases,
    ...readCases,
    ...(options.another ? anotherCases(options.another) : []),
    ...(options.reopen ? reopenCases(options.reopen) : []),
  ]
  for (const [name, run] of cases) {
    test(`AuditSink: ${name}`, async () => {
      const subject = await options.create()
      try {
        await run(subject)
      } finally {
        await subject.close()
      }
    })
  }
}
