/**
 * The example programs as processes, as an operator runs them.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that runs. */
export interface Running {
  readonly child: ChildProcess
  /** Resolves with the first match on standard error. */
  said(pattern: RegExp): Promise<RegExpMatchArray>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
  readonly ended: Promise<Ended>
}

/** Starts an example program, from its build, with exactly this environment. */
export function start(
  example: string,
  args: readonly string[],
  environment: Record<string, string>,
): Running {
  const file = fileURLToPath(new URL(`../../examples/${example}/dist/main.js`, import.meta.url))
  const child = spawn(process.execPath, [file, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const heard = new EventTarget()
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    heard.dispatchEvent(new Event('line'))
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }))
  return {
    child,
    ended,
    async said(pattern) {
      const over = ended.then(() => 'ended' as const)
      for (;;) {
        const match = pattern.exec(stderr)
        if (match !== null) return match
        const next = new Promise<void>((resolve) => {
          heard.addEventListener('line', () => resolve(), { once: true })
        })
        if ((await Promise.race([next, over])) === 'ended') {
          throw new Error(`${example} ended without saying ${pattern}: ${stderr}`)
        }
      }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}
