// Leaves out or turns around each check of the verifier, one at a time, and runs the tests that are about it: some test has
// to fail every time. `npm run mutate -- [part of a path] [--jobs 2] [--list]`. Sources stay as they are: the change is made
// while the tests load them.
import { readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { equivalent } from './mutate/equivalent.mjs'
import { findMutations } from './mutate/mutations.mjs'
import { suites, testsOf } from './mutate/suites.mjs'
import { bin, root, runCommand } from './setup/command.mjs'
import { createProgress, runMain } from './setup/progress.mjs'

/** @typedef {import('./mutate/mutations.mjs').Mutation} Mutation */
/** @typedef {Mutation & { tests: readonly string[] }} Planned */

/** @param {string} path a file, or a folder with files @returns {Promise<string[]>} */
async function sourcesAt(path) {
  if (statSync(root + path).isFile()) return [path]
  const entries = await readdir(root + path, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'index.ts')
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
    .sort()
}

/** @param {string} part @returns {Promise<Planned[]>} */
async function plan(part) {
  /** @type {Planned[]} */
  const planned = []
  for (const { sources, attacks } of suites) {
    for (const file of await sourcesAt(sources)) {
      if (!file.includes(part) || planned.some((other) => other.file === file)) continue
      const mutations = findMutations(file, readFileSync(root + file, 'utf8'))
      planned.push(...mutations.map((mutation) => ({ ...mutation, tests: testsOf(file, attacks) })))
    }
  }
  return planned
}

const oneThread = ['--no-isolate', '--pool', 'threads', '--maxWorkers', '1']

/** @param {Planned} mutation @returns {Promise<boolean>} whether a test noticed */
async function isCaught({ tests, ...mutation }) {
  for (const files of tests) {
    // One thread for all files: starting one for each would take longer than the tests.
    const args = [
      'run',
      '--config',
      'scripts/mutate/vitest.config.ts',
      '--root',
      '.',
      ...oneThread,
      ...files.split(' '),
    ]
    const { code, output } = await runCommand(bin('vitest'), args, {
      env: { TRUSTHOLD_MUTATION: JSON.stringify(mutation), CI: 'true' },
      timeoutSeconds: 300,
    })
    if (code !== 0 && code !== 124 && !/ FAIL |Error:/.test(output)) throw new Error(output)
    if (code !== 0) return true
  }
  return false
}

/** @param {Mutation} mutation */
const whyEquivalent = ({ file, what }) =>
  equivalent.find((known) => known.file === file && known.what === what)?.why

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { jobs: { type: 'string' }, list: { type: 'boolean' } },
  })
  const progress = createProgress()
  const planned = await plan(positionals[0] ?? '')
  const label = (/** @type {Mutation} */ { file, line, what }) => `${file}:${line}  ${what}`
  if (values.list === true) {
    for (const mutation of planned) console.log(label(mutation))
    return 0
  }
  const open = [...planned]
  /** @type {Planned[]} */
  const survivors = []
  let done = 0
  const work = async () => {
    for (let mutation = open.shift(); mutation !== undefined; mutation = open.shift()) {
      const caught = await isCaught(mutation)
      const why = whyEquivalent(mutation)
      if (!caught && why === undefined) survivors.push(mutation)
      console.log(`${caught ? 'caught  ' : why === undefined ? 'SURVIVED' : 'the same'} ${label(mutation)}`)
      if (++done % 25 === 0) progress(`${done} of ${planned.length}, ${survivors.length} not caught`)
    }
  }
  const jobs = Number(values.jobs ?? availableParallelism())
  await Promise.all(Array.from({ length: jobs }, work))
  console.log(`\n${planned.length} changes, ${survivors.length} that no test noticed`)
  for (const mutation of survivors) console.log(`  ${label(mutation)}`)
  return survivors.length === 0 ? 0 : 1
})
