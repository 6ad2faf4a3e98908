import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** @type {Set<number>} process groups that still run */
const running = new Set()

/** @param {number} group */
function killGroup(group) {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

const signals = /** @type {const} */ ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })

/** @param {keyof typeof signals} signal */
const leave = (signal) => process.exit(128 + signals[signal])
const clear = () => running.forEach(killGroup)

/** @param {number} group what is started dies with us, however we die */
function adopt(group) {
  if (running.size === 0) {
    process.on('exit', clear)
    for (const signal of Object.keys(signals)) process.on(signal, leave)
  }
  running.add(group)
}

/** @param {number} group */
function release(group) {
  killGroup(group)
  running.delete(group)
  if (running.size > 0) return
  process.off('exit', clear)
  for (const signal of Object.keys(signals)) process.off(signal, leave)
}

/**
 * @typedef {object} CommandResult
 * @property {number} code exit code; 124 when the time ran out, 127 when the command was not found
 * @property {string} output stdout and stderr as they came
 * @property {number} seconds
 *
 * @typedef {object} CommandOptions
 * @property {string} [cwd] relative to the repository's root
 * @property {Record<string, string>} [env] in addition to this process's
 * @property {number} [timeoutSeconds] 600 by default
 * @property {AbortSignal} [signal] ends the command as if its time had run out
 */

/**
 * Runs a command to its end and collects what it prints. Whatever it started ends with it, and with this process.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, options = {}) {
  const { cwd = '.', env = {}, timeoutSeconds = 600, signal } = options
  const started = performance.now()
  const child = spawn(command, args, {
    cwd: new URL(`${cwd}/`, new URL('../../', import.meta.url)),
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const group = child.pid
  if (group !== undefined) adopt(group)
  let output = ''
  let timedOut = false
  const collect = (/** @type {Buffer} */ chunk) => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const end = () => {
    timedOut = true
    if (group !== undefined) killGroup(group)
  }
  const timer = setTimeout(end, timeoutSeconds * 1000)
  signal?.addEventListener('abort', end, { once: true })
  return new Promise((resolve) => {
    const finish = (/** @type {number} */ code, /** @type {string} */ note) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      if (group !== undefined) release(group)
      resolve({ code, output: output + note, seconds: (performance.now() - started) / 1000 })
    }
    child.on('error', (error) => finish(127, `${error.message}\n`))
    child.on('close', (code) => {
      if (timedOut)
        finish(124, `\nstopped after ${((performance.now() - started) / 1000).toFixed()} seconds\n`)
      else finish(code ?? 1, '')
    })
  })
}

/**
 * @param {string} name
 * @returns {string} path of a command that a dependency brought
 */
export function bin(name) {
  return `${root}node_modules/.bin/${name}`
}
