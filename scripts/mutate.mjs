// Leaves out or turns around each check, one at a time, and runs the tests that are about it: some test has to fail every
// time. `npm run mutate -- [part of a path] [--list | --near]`: the verifier's checks without a path, else all with it in theirs.
// Sources stay as they are: the changes are put in, each behind a switch, while the tests load them.
import { readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { equivalent } from './mutate/equivalent.mjs'
import { findMutations } from './mutate/mutations.mjs'
import { tryAlone, tryTogether } from './mutate/run.mjs'
import { adapters, testsOf, verifier } from './mutate/suites.mjs'
import { root } from './setup/command.mjs'
import { createProgress, runMain } from './setup/progress.mjs'

/** @typedef {import('./mutate/mutations.mjs').Mutation} Mutation */

/** @param {string} path a file, or a folder with files @returns {Promise<string[]>} */
async function sourcesAt(path) {
  if (statSync(root + path).isFile()) return [path]
  const entries = await readdir(root + path, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'index.ts')
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
    .sort()
}

/** @param {string} file */
const mutationsOf = (file) => findMutations(file, readFileSync(root + file, 'utf8'))

/** @param {Mutation} mutation */
const whyEquivalent = ({ file, what }) =>
  equivalent.find((known) => known.file === file && known.what === what)?.why

/** @param {Mutation} mutation */
const label = ({ file, line, what }) => `${file}:${line}  ${what}`

/**
 * @param {import('./mutate/suites.mjs').Suite} suite
 * @param {readonly string[]} files
 * @param {ReturnType<typeof createProgress>} progress
 * @param {boolean} near with the tests of the room only
 * @returns {Promise<Mutation[]>} what no test noticed
 */
async function survivorsOf(suite, files, progress, near) {
  const mutations = files.flatMap(mutationsOf)
  const caught = new Set()
  const early = new Set()
  const open = () => mutations.filter((mutation) => !caught.has(mutation.id))
  const stages = testsOf(suite).slice(0, near ? 1 : undefined)
  for (const tests of stages) {
    const sources = files.filter((file) => open().some((mutation) => mutation.file === file))
    if (sources.length === 0) break
    const findings = await tryTogether(sources, tests, [...caught])
    for (const id of findings.caught) caught.add(id)
    for (const id of findings.early) early.add(id)
    progress(`${suite.sources}: ${caught.size} of ${mutations.length} caught`)
  }
  for (const mutation of open().filter(({ id }) => early.has(id))) {
    if (await tryAlone(mutation, stages.flat())) caught.add(mutation.id)
    progress(`${caught.has(mutation.id) ? 'caught' : 'not caught'} alone: ${label(mutation)}`)
  }
  for (const mutation of open()) progress(`no test noticed: ${label(mutation)}`)
  return open()
}

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: 'boolean' }, near: { type: 'boolean' } },
  })
  const progress = createProgress()
  const part = positionals[0] ?? ''
  let total = 0
  /** @type {Mutation[]} */
  const survivors = []
  for (const suite of part === '' ? verifier : [...verifier, ...adapters]) {
    const files = (await sourcesAt(suite.sources)).filter((file) => file.includes(part))
    const mutations = files.flatMap(mutationsOf)
    total += mutations.length
    if (values.list === true) for (const mutation of mutations) console.log(label(mutation))
    else if (mutations.length > 0)
      survivors.push(...(await survivorsOf(suite, files, progress, values.near === true)))
  }
  if (values.list === true) return 0
  const unexplained = survivors.filter((mutation) => whyEquivalent(mutation) === undefined)
  console.log(
    `${total} changes, ${survivors.length} that no test noticed, ${unexplained.length} of them unexplained`,
  )
  for (const mutation of survivors)
    console.log(`  ${label(mutation)}  ${whyEquivalent(mutation) ?? 'UNEXPLAINED'}`)
  return unexplained.length === 0 ? 0 : 1
})
