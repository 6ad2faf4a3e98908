/**
 * Peer processes that never outlive the process that started them, however that one ends.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Waits for the end of its input, which comes when our process is gone, even after SIGKILL; then ends the peer and
 * removes its directory. It is stopped itself before the peer's process id can become someone else's.
 */
const guard = `trap '' INT HUP TERM; cat > /dev/null; kill -KILL "$1" 2> /dev/null; [ -z "$2" ] || rm -rf -- "$2"`

/**
 * @typedef {object} SupervisedProcess
 * @property {number} pid
 * @property {() => string | undefined} failure what the process said last, once it has ended by itself
 * @property {() => Promise<void>} stop ends the process and waits for its end; may be called again
 */

/**
 * Starts a peer.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ directory?: string }} [options] `directory` is removed when our process dies without stopping the peer
 * @returns {Promise<SupervisedProcess>}
 */
export async function startSupervised(command, args, { directory = '' } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = keepTail(child)
  await once(child, 'spawn')
  const pid = /** @type {number} */ (child.pid)
  const watcher = spawn('/bin/sh', ['-c', guard, 'guard', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const ended = once(child, 'exit').then(() => {
    watcher.kill('SIGKILL')
  })
  unrefAll(child, watcher)
  const alive = () => child.exitCode === null && child.signalCode === null
  return {
    pid,
    failure: () =>
      alive() ? undefined : `${command} ended (${child.exitCode ?? child.signalCode}): ${output()}`,
    async stop() {
      if (alive()) child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      child.ref()
      await ended
      clearTimeout(timer)
    },
  }
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it wrote
 */
export async function runToEnd(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = keepTail(child)
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} failed (${code ?? signal}): ${output()}`)
  return output()
}

/**
 * Keeps the last 4,000 characters that a process writes.
 * @param {import('node:child_process').ChildProcess} child
 */
function keepTail(child) {
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      tail = (tail + text).slice(-4_000)
    })
  }
  return () => tail.trim()
}

/**
 * Lets our process end while these run: the guard ends the peer then.
 * @param {readonly import('node:child_process').ChildProcess[]} children
 */
function unrefAll(...children) {
  for (const child of children) {
    child.unref()
    for (const stream of child.stdio) {
      if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
    }
  }
}
