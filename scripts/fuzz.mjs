// Feeds changed inputs to every parser, and keeps those that lead to code that none reached before.
//   npm run fuzz                      every parser, ten seconds each
//   npm run fuzz -- ima --seconds 60  those whose name has `ima` in it
//   npm run fuzz -- --cases 100000 --seed 7 --jobs 2 --list
// The same seed tries the same inputs. What is found goes to test/fuzz/regressions, where the tests try it again.
import { createHash, randomInt } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { instrument } from './fuzz/instrument.mjs'
import { createProgress, runMain, SetupError } from './setup/progress.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const outdir = `${root}.setup/fuzz`
/** An input that takes longer than this is a finding. */
const hangSeconds = 10
const maxInput = 2 * 1024 * 1024
const memoryMegabytes = 512

/** Counts the branches of our sources, and lets files find their recordings once they are bundled. */
function branches() {
  let count = 0
  return {
    name: 'branches',
    /** @param {import('esbuild').PluginBuild} bundler */
    setup(bundler) {
      bundler.onLoad({ filter: /\/(?:packages\/[^/]+\/src|test)\/.*\.ts$/ }, async ({ path }) => {
        const code = await readFile(path, 'utf8')
        const counted = path.includes('/src/') ? instrument(code, path, () => count++) : code
        const contents = counted.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        return { contents, loader: 'ts' }
      })
    },
  }
}

async function bundle() {
  await build({
    entryPoints: { worker: `${root}test/fuzz/worker.ts`, targets: `${root}test/fuzz/targets/index.ts` },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@trusthold/source'],
    banner: { js: 'globalThis.__branch ??= () => undefined;' },
    plugins: [others, branches()],
    logLevel: 'error',
  })
}

/** Our own packages are part of the bundle; others stay outside, with the data that they read. */
const others = {
  name: 'others',
  /** @param {import('esbuild').PluginBuild} bundler */
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@trusthold/') ? undefined : { path, external: true },
    )
  },
}

/**
 * @typedef {object} Report
 * @property {number} cases
 * @property {number} corpus
 * @property {number} branches
 * @property {{ input: Uint8Array, shortest: Uint8Array, error: string }} [finding]
 */

/**
 * @param {string} name
 * @param {{ seed: number, milliseconds: number, cases: number }} limits
 * @returns {Promise<Report>}
 */
function runTarget(name, limits) {
  const current = new SharedArrayBuffer(8 + maxInput)
  const head = new Int32Array(current, 0, 2)
  const worker = new Worker(`${outdir}/worker.mjs`, {
    workerData: { name, current, ...limits },
    resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
  })
  return new Promise((resolve) => {
    let last = -1
    /** @param {string} error */
    const lost = (error) => {
      const input = new Uint8Array(current, 8, head[0]).slice()
      resolve({ cases: head[1] ?? 0, corpus: 0, branches: 0, finding: { input, shortest: input, error } })
    }
    const watch = setInterval(() => {
      if (head[1] === last && last > 0) {
        lost(`one input took longer than ${hangSeconds} s`)
        void worker.terminate()
      }
      last = head[1] ?? 0
    }, hangSeconds * 1_000)
    worker.once('message', resolve)
    worker.once('error', (error) => lost(String(error)))
    worker.once('exit', () => clearInterval(watch))
  })
}

/** @param {string} name @param {NonNullable<Report['finding']>} finding */
async function keep(name, { shortest }) {
  const folder = `${root}test/fuzz/regressions/${name}`
  await mkdir(folder, { recursive: true })
  const file = `${folder}/${createHash('sha256').update(shortest).digest('hex').slice(0, 16)}.bin`
  await writeFile(file, shortest)
  return file.slice(root.length)
}

/** @param {string | undefined} text @param {number} otherwise @param {string} option */
function readNumber(text, otherwise, option) {
  const number = text === undefined ? otherwise : Number(text)
  if (!(number > 0)) throw new SetupError(`--${option}: expected a number above 0, found ${text}`)
  return number
}

await runMain(async () => {
  const text = /** @type {const} */ ({ type: 'string' })
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: text, cases: text, seed: text, jobs: text, list: { type: 'boolean' } },
  })
  const progress = createProgress()
  await bundle()
  const { targets } = /** @type {{ targets: { name: string }[] }} */ (await import(`${outdir}/targets.mjs`))
  const names = targets
    .map(({ name }) => name)
    .filter((name) => positionals.every((part) => name.includes(part)))
  if (values.list === true) {
    for (const name of names) console.log(name)
    return 0
  }
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  const cases = readNumber(values.cases, Number.MAX_SAFE_INTEGER, 'cases')
  // With a number of cases alone, they are what ends a run.
  const seconds = readNumber(values.seconds, values.cases === undefined ? 10 : 86_400, 'seconds')
  console.log(`seed ${seed}`)
  const open = [...names]
  let total = 0
  let findings = 0
  const work = async () => {
    for (let name = open.shift(); name !== undefined; name = open.shift()) {
      const report = await runTarget(name, { seed, milliseconds: seconds * 1_000, cases })
      total += report.cases
      const { finding } = report
      console.log(
        `${name.padEnd(36)} ${String(report.cases).padStart(10)} cases  ${String(report.corpus).padStart(5)} kept  ${String(report.branches).padStart(5)} branches${finding === undefined ? '' : '  FOUND'}`,
      )
      if (finding === undefined) continue
      findings++
      console.log(`  ${await keep(name, finding)}\n  ${finding.error.split('\n').slice(0, 6).join('\n  ')}`)
    }
  }
  const jobs = readNumber(values.jobs, availableParallelism(), 'jobs')
  await Promise.all(Array.from({ length: jobs }, work))
  progress(`${total} cases in ${names.length} parsers, ${findings} findings`)
  return findings === 0 ? 0 : 1
})
