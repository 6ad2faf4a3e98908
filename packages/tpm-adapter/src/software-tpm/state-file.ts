import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import { readMarked, type StoredState, writeMarked } from './machine/stored-state.js'

/** What a software TPM keeps: its state, and the certificates of the CA that certified it. */
export interface StoredTpm {
  readonly state: StoredState
  /** PEM. */
  readonly caCertificates: string
}

/** A state file that this process has for itself. */
export interface StateFile {
  /** Undefined when there is none yet. */
  read(): StoredTpm | undefined
  /** Replaces the file at once, or not at all. */
  write(content: StoredTpm): void
  /** Gives it up. */
  release(): void
}

const format = 'trusthold-software-tpm-1'

function refuse(path: string, reason: string, cause?: unknown): never {
  throw new TrustholdError('TPM_NOT_AVAILABLE', { what: `the state file ${path}`, reason }, { cause })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/**
 * When a process started, in ticks of the kernel; undefined where that is not told. Numbers of processes come back: in a
 * container they are the same after each start.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 22 of proc_pid_stat(5); the second one, in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** What stands in a lock: number and start of a process. */
const describeSelf = (): string => [process.pid, startOf(process.pid)].join(' ')

function isAlive(holder: string): boolean {
  const [number, start = ''] = holder.split(' ')
  const pid = Number(number)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  const now = startOf(pid)
  return start === '' || now === undefined || now === start
}

/**
 * Writes, waits for the disk, and gives the file its name: a reader sees the old or the new one. What could not be
 * written to its end is removed.
 */
function writeWhole(path: string, content: string): void {
  const temporary = `${path}.${randomUUID()}`
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o600, flush: true })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  const directory = openSync(dirname(path), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return isMissing(error) ? undefined : refuse(path, describeError(error), error)
  }
}

/**
 * Takes the lock: a file that names the process. It is linked to its name, so that it is never there without its
 * content; that of a process that died is moved away under a name of its own first, so that only one taker gets it.
 */
function lock(path: string): string {
  const name = `${path}.lock`
  const own = `${name}.${randomUUID()}`
  try {
    writeFileSync(own, describeSelf(), { flag: 'wx', mode: 0o600 })
    for (;;) {
      try {
        linkSync(own, name)
        return name
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      }
      const holder = readIfThere(name)
      if (holder === undefined) continue
      if (isAlive(holder)) refuse(path, `process ${holder.split(' ')[0]} uses it`)
      removeStale(name, holder)
    }
  } finally {
    rmSync(own, { force: true })
  }
}

function removeStale(name: string, holder: string): void {
  const aside = `${name}.${randomUUID()}`
  try {
    renameSync(name, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  // Someone else may have taken it between our look and our move: then it is theirs again.
  if (readIfThere(aside) !== holder) linkSync(aside, name)
  unlinkSync(aside)
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

function parse(path: string, text: string): StoredTpm {
  const [head = '', ...rest] = text.split('\n')
  const body = rest.join('\n')
  const [name, sum] = head.split(' ')
  if (name !== format) refuse(path, `it does not start with ${format}`)
  if (sum !== checksum(body)) refuse(path, 'its checksum is not that of its content')
  return readMarked(body) as StoredTpm
}

/**
 * Opens a state file for this process alone.
 * @throws TPM_NOT_AVAILABLE when another process uses it or it cannot be read; what the file system throws
 */
export function openStateFile(path: string): StateFile {
  const name = lock(path)
  return {
    read() {
      const text = readIfThere(path)
      return text === undefined ? undefined : parse(path, text)
    },
    write(content) {
      const body = writeMarked(content)
      writeWhole(path, `${format} ${checksum(body)}\n${body}`)
    },
    release: () => unlinkSync(name),
  }
}
