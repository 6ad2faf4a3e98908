// The whole check: `npm test`, or parts of it with `npm test -- --only lint,unit`.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { listPeerTests } from './checks/peer-tests.mjs'
import { bin, runCommand } from './setup/command.mjs'
import { peersSkipped } from './setup/peers.mjs'
import { createProgress, runMain, SetupError } from './setup/progress.mjs'
import { setUp } from './setup.mjs'

/**
 * @typedef {object} Step
 * @property {string} about
 * @property {readonly [command: string, ...args: string[]]} command
 * @property {boolean} [built] needs the build
 * @property {boolean} [peers] needs the programs that tests talk to
 *
 * @typedef {{ name: string, state: 'passed' | 'failed' | 'not run', seconds: number, output: string }} Result
 */

const node = process.execPath

/** @type {Readonly<Record<string, Step>>} in the order in which they start: the longest first */
const steps = {
  unit: { about: 'all tests', command: [bin('vitest'), 'run'], built: true, peers: true },
  typecheck: { about: 'types of sources, tests and scripts', command: [bin('tsc'), '--noEmit'] },
  lint: { about: 'type-aware lint, import directions', command: [bin('eslint'), '.', '--max-warnings', '0'] },
  format: { about: 'format and base lint', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  fences: { about: 'code blocks of the documents compile', command: [node, 'scripts/checks/fences.mjs'] },
  subpaths: { about: 'modules that documents name exist', command: [node, 'scripts/checks/subpaths.mjs'] },
  docstrings: { about: 'every export is described', command: [node, 'scripts/checks/docstrings.mjs'] },
  knip: { about: 'nothing unused, nothing unlisted', command: [bin('knip')] },
  docs: { about: 'reference documentation, without warnings', command: [bin('typedoc')] },
  packages: { about: 'archives as published', command: [node, 'scripts/checks/packages.mjs'], built: true },
}

const help = `Usage: npm test [-- --only STEP,STEP]

Sets up what is missing, then runs these steps, or only those named:
${['build', ...Object.keys(steps)].map((name) => `  ${name.padEnd(11)} ${steps[name]?.about ?? 'all packages and examples'}`).join('\n')}

TRUSTHOLD_SKIP_PEERS=1 leaves out the tests that talk to swtpm, tpm2-tools, PyKMIP and openssl.
`

/** @param {string | undefined} only @returns {string[]} */
function choose(only) {
  const all = ['build', ...Object.keys(steps)]
  if (only === undefined) return all
  const names = only.split(',').filter((name) => name !== '')
  const unknown = names.filter((name) => !all.includes(name))
  if (unknown.length > 0 || names.length === 0) {
    throw new SetupError(`There is no step ${unknown.join(', ') || 'to run'}. Steps: ${all.join(', ')}`)
  }
  return names
}

/** @param {string} name @param {(text: string) => void} progress @returns {Promise<Result>} */
async function runStep(name, progress) {
  const [command, ...args] = steps[name]?.command ?? ['false']
  const { code, output, seconds } = await runCommand(command, args, { timeoutSeconds: 1_800 })
  const state = code === 0 ? 'passed' : 'failed'
  progress(`${name} ${state} (${seconds.toFixed(1)} s)`)
  return { name, state, seconds, output }
}

/** @param {(text: string) => void} progress @returns {Promise<Result>} */
async function runBuild(progress) {
  const started = performance.now()
  const since = () => (performance.now() - started) / 1000
  try {
    await setUp(progress, { peers: [] })
    return { name: 'build', state: 'passed', seconds: since(), output: '' }
  } catch (error) {
    progress('build failed')
    const output = error instanceof SetupError ? error.message : String(error)
    return { name: 'build', state: 'failed', seconds: since(), output }
  }
}

/**
 * Runs the steps side by side, as many as there are processors; what needs the build waits for it.
 * @param {readonly string[]} names @param {(text: string) => void} progress @returns {Promise<Result[]>}
 */
async function runSteps(names, progress) {
  const waiting = Object.keys(steps).filter((name) => names.includes(name))
  const needsBuild = names.includes('build') || waiting.some((name) => steps[name]?.built)
  /** @type {Result[]} */
  const results = []
  let built = !needsBuild
  let failed = false
  const building = needsBuild
    ? runBuild(progress).then((result) => {
        built = true
        failed = result.state === 'failed'
        results.push(result)
      })
    : Promise.resolve()
  const lane = async () => {
    while (waiting.length > 0) {
      const ready = waiting.findIndex((name) => built || !steps[name]?.built)
      if (ready === -1) {
        await building
        continue
      }
      const [name = ''] = waiting.splice(ready, 1)
      const blocked = failed && steps[name]?.built === true
      results.push(
        blocked ? { name, state: 'not run', seconds: 0, output: '' } : await runStep(name, progress),
      )
    }
  }
  // The build takes a lane of its own while it runs.
  const lanes = Math.max(2, availableParallelism())
  await Promise.all([building.then(lane), ...Array.from({ length: lanes - 1 }, lane)])
  return results
}

/** @param {readonly Result[]} results */
function summarise(results) {
  const failures = results.filter(({ state }) => state === 'failed')
  for (const { name, output } of failures) console.log(`\n===== ${name} =====\n${output.trim()}`)
  console.log('\nstep        result    seconds')
  for (const { name, state, seconds } of results) {
    console.log(`${name.padEnd(11)} ${state.padEnd(9)} ${seconds.toFixed(1).padStart(7)}`)
  }
  console.log(`total ${process.uptime().toFixed(1)} s`)
}

/** @param {readonly string[]} names */
function tellWhatWasSkipped(names) {
  if (!peersSkipped() || !names.includes('unit')) return
  const files = listPeerTests()
  console.log(`\nNOT RUN (TRUSTHOLD_SKIP_PEERS=1): ${files.length} test files that need real peers`)
  for (const file of files) console.log(`  ${file}`)
}

await runMain(async () => {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const names = choose(values.only)
  const progress = createProgress()
  const peers = names.some((name) => steps[name]?.peers)
  await setUp(progress, { build: false, ...(peers ? {} : { peers: [] }) })
  const results = await runSteps(names, progress)
  summarise(results)
  tellWhatWasSkipped(names)
  return results.every(({ state }) => state === 'passed') ? 0 : 1
})
