import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bin, runCommand } from '../setup/command.mjs'

/** @typedef {import('./mutations.mjs').Mutation} Mutation */
/** @typedef {{ caught: string[], reached: string[], early: string[] }} Findings */

/**
 * One thread for all files: starting one for each would take longer than the tests. What a change breaks after its test is
 * over ends nothing.
 */
const oneThread = [
  '--no-isolate',
  '--pool',
  'threads',
  '--maxWorkers',
  '1',
  '--dangerouslyIgnoreUnhandledErrors',
]

/** @param {readonly string[]} tests @param {object} what @param {readonly string[]} more @param {AbortSignal} [signal] */
function runTests(tests, what, more, signal) {
  const args = ['run', '--config', 'scripts/mutate/vitest.config.ts', '--root', '.', ...oneThread, ...more]
  return runCommand(bin('vitest'), [...args, ...tests], {
    env: { TRUSTHOLD_MUTATION: JSON.stringify(what), CI: 'true' },
    timeoutSeconds: 7_200,
    ...(signal === undefined ? {} : { signal }),
  })
}

/** @param {string} path @returns {Findings} what the runner wrote */
function readFindings(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { caught: [], reached: [], early: [] }
  }
}

/** Waits until nothing was tried for a minute. @param {string} path @param {AbortSignal} signal */
async function standsStill(path, signal) {
  for (;;) {
    await delay(5_000, undefined, { signal })
    const changed = Math.max(...[path, `${path}.current`].map((name) => modified(name)))
    if (changed > 0 && Date.now() - changed > 60_000) return
  }
}

/** @param {string} path */
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/**
 * Tries all changes of some files on each test that comes to their places.
 * @param {readonly string[]} sources
 * @param {readonly string[]} tests files and folders
 * @param {readonly string[]} known ids of changes that were caught already
 * @returns {Promise<Findings>}
 */
export async function tryTogether(sources, tests, known) {
  const folder = await mkdtemp(join(tmpdir(), 'trusthold-mutate-'))
  const results = join(folder, 'results.json')
  const stuck = []
  try {
    for (;;) {
      const skip = [...known, ...stuck, ...readFindings(results).caught]
      const done = new AbortController()
      const still = new AbortController()
      standsStill(results, done.signal).then(
        () => still.abort(),
        () => undefined,
      )
      const { code, output } = await runTests(tests, { sources, results, skip }, [], still.signal)
      done.abort()
      if (code === 0) return readFindings(results)
      if (!still.signal.aborted) throw new Error(output)
      // A change that makes a test run for ever is noticed by whoever runs the tests.
      stuck.push(readFileSync(`${results}.current`, 'utf8'))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Tries one change from the loading of the modules on.
 * @param {Mutation} mutation
 * @param {readonly string[]} tests
 * @returns {Promise<boolean>} whether a test noticed
 */
export async function tryAlone({ id, file }, tests) {
  const { code, output } = await runTests(tests, { sources: [file], only: id }, ['--bail', '1'])
  if (code !== 0 && code !== 124 && !/ FAIL |Error:/.test(output)) throw new Error(output)
  return code !== 0
}
