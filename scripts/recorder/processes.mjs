/**
 * Runs the recorder's tools and keeps what it ran, so that a recording can say how it was made.
 * @module
 */
import { spawn } from 'node:child_process'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
/** @type {string[]} */
const commands = []
const leave = () => process.exit(1)
const clear = () => {
  for (const child of running) child.kill('SIGKILL')
}
const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** What is started dies with us, however we die. @param {import('node:child_process').ChildProcess} child */
function adopt(child) {
  if (running.size === 0) {
    process.on('exit', clear)
    for (const signal of signals) process.on(signal, leave)
  }
  running.add(child)
  const release = () => {
    if (!running.delete(child) || running.size > 0) return
    process.off('exit', clear)
    for (const signal of signals) process.off(signal, leave)
  }
  child.once('exit', release).once('error', release)
}

/**
 * Starts a process that ends with this one at the latest.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  commands.push([command, ...args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`))].join(' '))
  adopt(child)
  return child
}

/**
 * Waits for a process's end.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | null>} its exit code, null when a signal ended it
 */
export function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<Buffer>} its standard output; a failure rejects with its standard error
 */
export async function run(command, args, { cwd, env } = {}) {
  const child = start(command, args, { cwd, env: { ...process.env, ...env } })
  /** @type {Buffer[]} */
  const output = []
  /** @type {Buffer[]} */
  const errors = []
  child.stdout?.on('data', (chunk) => output.push(chunk))
  child.stderr?.on('data', (chunk) => errors.push(chunk))
  const code = await ended(child)
  if (code !== 0) {
    throw new Error(
      `${command} ${args.join(' ')}: exit ${code}\n${Buffer.concat(errors)}${Buffer.concat(output)}`,
    )
  }
  return Buffer.concat(output)
}

/** The commands that were started since the last call, for a recording's description. */
export function drainCommands() {
  return commands.splice(0)
}

/** Says on standard error what is going on. @param {string} text */
export function progress(text) {
  process.stderr.write(`${text}\n`)
}
