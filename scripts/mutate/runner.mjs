// Runs each test once as the code is, and then once for each change whose place that run came to and that no test has
// noticed yet. Starting the tests takes far longer than running them, so thousands of changes take minutes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { TestRunner } from 'vitest'

/**
 * What is known of the changes, for all test files of the worker.
 * @typedef {object} Findings
 * @property {Set<string>} caught
 * @property {Set<string>} reached in a test
 * @property {Set<string>} early while modules were loaded or hooks ran, where a change cannot be tried
 */

/** @typedef {{ active: string | undefined, seen: Set<string>, questions: number, limit: number, findings: Findings }} Trial */

const {
  results = '',
  only,
  skip,
} = /** @type {{ results?: string, only?: string, skip?: string[] }} */ (
  JSON.parse(process.env['TRUSTHOLD_MUTATION'] ?? '{}')
)

/** @returns {Trial} the worker's one, whichever test file asks */
function trialOfWorker() {
  const holder = /** @type {{ __trial?: Trial, __mutated?: (id: string) => boolean }} */ (globalThis)
  if (holder.__trial !== undefined) return holder.__trial
  // Each project has a worker of its own; they come one after the other.
  const before = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {}
  const findings = {
    caught: new Set([...(skip ?? []), ...(before.caught ?? [])]),
    reached: new Set(before.reached),
    early: new Set(before.early),
  }
  /** @type {Trial} */
  const trial = { active: only, seen: new Set(), questions: 0, limit: Number.POSITIVE_INFINITY, findings }
  holder.__trial = trial
  holder.__mutated = (id) => {
    trial.seen.add(id)
    if (++trial.questions > trial.limit) throw new Error('does not end')
    return id === trial.active
  }
  return trial
}

/** How often a changed test may come to a check before it counts as one that does not end. @param {number} asItIs */
const patience = (asItIs) => asItIs * 100 + 100_000

export default class MutationRunner extends TestRunner {
  #trial = trialOfWorker()

  /** @param {() => unknown} test @returns {Promise<boolean>} whether it passes */
  async #passes(test) {
    this.#trial.questions = 0
    try {
      await test()
      return true
    } catch {
      return false
    }
  }

  /** @param {import('vitest').RunnerTestCase} task */
  async runTask(task) {
    const test = TestRunner.getTestFn(task)
    if (only !== undefined) {
      await test()
      return
    }
    const trial = this.#trial
    for (const id of trial.seen) trial.findings.early.add(id)
    trial.seen.clear()
    // What does not pass twice as it is, such as with a token that has expired meanwhile, says nothing of a change.
    const passes = (await this.#passes(test)) && (await this.#passes(test))
    const places = [...trial.seen]
    if (!passes) {
      for (const id of places) trial.findings.early.add(id)
      trial.seen.clear()
      return
    }
    trial.limit = patience(trial.questions)
    for (const id of places) {
      trial.findings.reached.add(id)
      if (trial.findings.caught.has(id)) continue
      writeFileSync(`${results}.current`, id)
      trial.active = id
      if (!(await this.#passes(test))) trial.findings.caught.add(id)
      trial.active = undefined
    }
    trial.limit = Number.POSITIVE_INFINITY
    trial.seen.clear()
    this.#write()
  }

  #write() {
    const { caught, reached, early } = this.#trial.findings
    writeFileSync(results, JSON.stringify({ caught: [...caught], reached: [...reached], early: [...early] }))
  }
}
