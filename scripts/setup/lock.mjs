import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { root } from './command.mjs'
import { SetupError } from './progress.mjs'

const folder = `${root}.setup`
const file = `${folder}/lock`

/** @returns {boolean} whether the lock is ours now */
function tryLock() {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** @returns {number | undefined} the process that holds the lock, undefined when it is gone */
function holder() {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? -1 : undefined
  }
}

/**
 * Runs `work` while no other set-up of this checkout runs: two at once would tear down each other's output.
 * @template T
 * @param {(text: string) => void} progress
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(progress, work) {
  mkdirSync(folder, { recursive: true })
  const deadline = performance.now() + 600_000
  for (let told = false; !tryLock(); ) {
    const pid = holder()
    if (pid === undefined) {
      rmSync(file, { force: true })
      continue
    }
    if (!told) progress(`waiting for another set-up to finish (process ${pid})`)
    told = true
    if (performance.now() > deadline) {
      throw new SetupError(`Another set-up (process ${pid}) has held ${file} for ten minutes.`)
    }
    await delay(200)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
