import { setImmediate as nextTurn } from 'node:timers/promises'
import { isTrustholdError } from '@trusthold/core/errors'
import type { SqlEngine, WriteTransaction } from './engine.js'

/** Most writes of one transaction, and most bytes unless a single write has more: so long the event loop waits. */
const batchWrites = 128
const batchBytes = 1024 * 1024

interface Job {
  readonly bytes: number
  /** Does the work in a transaction; what it returns hands the result to the caller once that is committed. */
  run(db: WriteTransaction): Promise<() => void>
  fail(error: unknown): void
}

/** Carries out writes in the order in which they came, several in one transaction. */
export interface WriteQueue {
  /**
   * Every commit waits for the disk, so writes that come together share one.
   * @param bytes about how much it writes
   * @param work may throw STORE_CONFLICT, and must have written nothing then
   */
  write<T>(bytes: number, work: (db: WriteTransaction) => Promise<T>): Promise<T>
}

function createJob<T>(
  bytes: number,
  work: (db: WriteTransaction) => Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Job {
  return {
    bytes,
    fail: reject,
    async run(db) {
      try {
        const value = await work(db)
        return () => resolve(value)
      } catch (error) {
        // A conflict concerns this caller only; any other error undoes the whole transaction.
        if (!isTrustholdError(error, 'STORE_CONFLICT')) throw error
        return () => reject(error)
      }
    },
  }
}

function takeBatch(waiting: Job[]): Job[] {
  let bytes = 0
  let count = 0
  for (const job of waiting.slice(0, batchWrites)) {
    bytes += job.bytes
    if (count > 0 && bytes > batchBytes) break
    count += 1
  }
  return waiting.splice(0, count)
}

/** Makes the queue of one store. */
export function createWriteQueue(engine: SqlEngine): WriteQueue {
  const waiting: Job[] = []
  let running = false

  async function writeBatch(jobs: readonly Job[]): Promise<void> {
    try {
      const settle = await engine.write('write', async (db) => {
        const results: (() => void)[] = []
        for (const job of jobs) results.push(await job.run(db))
        return results
      })
      for (const tell of settle) tell()
    } catch (error) {
      for (const job of jobs) job.fail(error)
    }
  }

  async function workOff(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      // One turn of the event loop lets in what is ready by now: it shares the transaction, and nothing starves.
      await nextTurn()
      await writeBatch(takeBatch(waiting))
    }
    running = false
  }

  return {
    write: (bytes, job) =>
      new Promise((resolve, reject) => {
        waiting.push(createJob(bytes, job, resolve, reject))
        if (!running) void workOff()
      }),
  }
}
