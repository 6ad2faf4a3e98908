import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const runner = fileURLToPath(new URL('run-worker.mjs', import.meta.url))

/** A worker in a process of its own. */
export interface WorkerProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** Complete lines that it wrote so far. */
  readonly lines: readonly string[]
  /** Resolves as soon as it has written so many lines; rejects when it ends before. */
  wrote(count: number): Promise<void>
  /** Resolves with its exit code when it has ended and all its output is read. */
  readonly ended: Promise<number | null>
}

export function startWorker(file: string, ...values: string[]): WorkerProcess {
  const child = spawn(process.execPath, [runner, file, ...values], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  const ended = once(child, 'close').then(() => child.exitCode)
  return {
    child,
    lines,
    ended,
    async wrote(count) {
      const over = ended.then((code) => {
        if (lines.length < count) throw new Error(`the worker ended with ${code} after ${lines.length} lines`)
      })
      while (lines.length < count) await Promise.race([once(reader, 'line'), over])
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
