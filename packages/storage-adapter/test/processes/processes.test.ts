import type { AuditRecord, AuditSink } from '@trusthold/core/ports'
import { assertAuditChain } from '@trusthold/core/testing'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { openSqlite } from '../../src/index.js'
import { makeDirectory } from '../temporary-directory.js'
import { startWorker } from './worker-process.js'

async function readAll(audit: AuditSink): Promise<AuditRecord[]> {
  const all: AuditRecord[] = []
  for (;;) {
    const page = await audit.read(all.length + 1, 1000)
    all.push(...page)
    if (page.length < 1000) return all
  }
}

function checkIntegrity(path: string): unknown {
  const database = new Database(path)
  const [row] = database.prepare('PRAGMA integrity_check').all([]) as { integrity_check: string }[]
  database.close()
  return row?.integrity_check
}

const isFilled = (value: Uint8Array | undefined, fill: number): boolean =>
  value?.length === 5000 && value.every((byte) => byte === fill)

/** Fails unless everything that a worker's lines acknowledge is in the file. */
async function expectAllThere(path: string, lines: readonly string[]): Promise<void> {
  expect(checkIntegrity(path)).toBe('ok')
  const storage = await openSqlite(path)
  const records = await readAll(storage.audit)
  assertAuditChain(records)
  const later = Date.now() + 3_600_000
  for (const line of lines) {
    const [kind, name = '', number, fill] = line.split(' ')
    if (kind === 'put') {
      const entry = await storage.config.get(name)
      expect(entry?.revision).toBe(BigInt(number ?? ''))
      expect(isFilled(entry?.value, Number(fill))).toBe(true)
    } else if (kind === 'claim') {
      expect(await storage.replay.claim(name, later)).toBe(false)
    } else {
      expect(kind).toBe('append')
      const content = Buffer.from(records[Number(name) - 1]?.content ?? []).toString()
      expect(content).toBe(`${number} `.repeat(100))
    }
  }
  // What was not acknowledged is there as a whole or not at all.
  let cursor: string | undefined
  do {
    const page = await storage.config.list('', { limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    expect(page.entries.every(({ value }) => isFilled(value, value[0] ?? 0))).toBe(true)
    cursor = page.cursor
  } while (cursor !== undefined)
  await storage.close()
}

describe('a killed process', () => {
  // Different points of the work: in the first transactions, after some, and around the first checkpoints of the log.
  test.each([1, 50, 400, 1500])('loses nothing that it acknowledged, killed after %i', async (count) => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await using worker = startWorker('./writer.ts', path, 'w')
    await worker.wrote(count)
    worker.child.kill('SIGKILL')
    await worker.ended
    expect(worker.lines.length).toBeGreaterThanOrEqual(count)
    await expectAllThere(path, worker.lines)
  })

  test('does not disturb the one beside it', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await using killed = startWorker('./writer.ts', path, 'a')
    await using other = startWorker('./writer.ts', path, 'b')
    await Promise.all([killed.wrote(100), other.wrote(100)])
    killed.child.kill('SIGKILL')
    await killed.ended
    await other.wrote(other.lines.length + 200)
    other.child.kill('SIGKILL')
    await other.ended
    await expectAllThere(path, [...killed.lines, ...other.lines])
  })
})

describe('two processes', () => {
  test('claim each id once between them and append to one chain', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await using first = startWorker('./claimer.ts', path, 'first', '300')
    await using second = startWorker('./claimer.ts', path, 'second', '300')
    await Promise.all([first.wrote(1), second.wrote(1)])
    for (const { child } of [first, second]) child.stdin?.write('go\n')
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0])

    const told = (lines: readonly string[], word: string) =>
      lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length + 1))
    const lines = [...first.lines, ...second.lines]
    const won = told(lines, 'won')
    expect(won.length).toBe(300)
    expect(new Set(won).size).toBe(300)
    const sequences = told(lines, 'appended').map(Number)
    expect(sequences.sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, i) => i + 1))
    const storage = await openSqlite(path)
    const records = await readAll(storage.audit)
    await storage.close()
    assertAuditChain(records)
    expect(records.length).toBe(600)
  })

  test('set up one new file together', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const workers = Array.from({ length: 4 }, (_, i) => startWorker('./writer.ts', path, `w${i}`))
    try {
      await Promise.all(workers.map((worker) => worker.wrote(20)))
    } finally {
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
    }
    await expectAllThere(
      path,
      workers.flatMap((worker) => worker.lines),
    )
  })
})
