/**
 * Runs the command: in this process, and as a process of its own from its build, as an operator does.
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../src/command-line.js'

/** How a run ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Some moment in the validity of the recorded certificates. */
export const someTime = Date.UTC(2027, 0, 1)

/** Runs the command in this process. */
export async function run(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  const code = await runCommandLine(args, {
    async *stdin() {
      yield input
    },
    writeOut(text) {
      stdout += text
    },
    writeErr(text) {
      stderr += text
    },
    now: () => someTime,
  })
  return { code, stdout, stderr }
}

/** Runs the command with `--json` and reads the document; the exit status has to be this one. */
export async function runJson<T>(args: readonly string[], code: number): Promise<T> {
  const ended = await run([...args, '--json'])
  if (ended.code !== code) throw new Error(`exit status ${ended.code}: ${ended.stdout}${ended.stderr}`)
  return JSON.parse(ended.stdout) as T
}

const program = fileURLToPath(new URL('../bin/trusthold.js', import.meta.url))

/** Runs the built command as a process. */
export function runProcess(args: readonly string[], input?: Uint8Array): Promise<Ended> {
  return collect(spawn(process.execPath, [program, ...args], { env }), input)
}

/** Runs a shell script that has the built command and its arguments as its own. */
export function runShell(script: string, args: readonly string[]): Promise<Ended> {
  return collect(spawn('sh', ['-c', script, 'sh', process.execPath, program, ...args], { env }))
}

const env = { PATH: process.env['PATH'] }

async function collect(child: ChildProcessWithoutNullStreams, input?: Uint8Array): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // The command may end without having read all of it.
  child.stdin.on('error', () => undefined).end(input)
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

/** A directory for files of a test. */
export interface Files {
  readonly directory: string
  at(name: string): string
  /** Writes a file and returns its path. */
  write(name: string, content: Uint8Array | string): string
  remove(): void
}

/** Makes a private directory. */
export function createFiles(): Files {
  const directory = mkdtempSync(join(tmpdir(), 'trusthold-cli-'))
  const at = (name: string): string => join(directory, name)
  return {
    directory,
    at,
    write(name, content) {
      writeFileSync(at(name), content)
      return at(name)
    },
    remove: () => rmSync(directory, { recursive: true }),
  }
}

/** Path of a recorded file, such as `boot-secure/ak-rsa-2048.tpmt`. */
export const recorded = (path: string): string =>
  fileURLToPath(new URL(`../../../test/recordings/${path}`, import.meta.url))
