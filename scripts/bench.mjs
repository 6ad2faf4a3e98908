// Bundles the benchmarks with the sources they measure and runs them. Arguments go to bench/main.ts.
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ensureDependencies } from './setup/dependencies.mjs'
import { withLock } from './setup/lock.mjs'
import { checkNode } from './setup/node-version.mjs'
import { createProgress, runMain } from './setup/progress.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Files find their recordings beside themselves, also once they are part of the bundle. */
const sourceUrls = {
  name: 'source-urls',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    build.onLoad({ filter: /\/(?:bench|test)\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const url = JSON.stringify(pathToFileURL(path).href)
      return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' }
    })
  },
}

await runMain(async () => {
  const progress = createProgress()
  checkNode()
  await withLock(progress, () => ensureDependencies(progress))
  const { build } = await import('tsup')
  await build({
    config: false,
    silent: true,
    entry: { main: `${root}bench/main.ts` },
    outDir: `${root}.setup/bench`,
    format: ['esm'],
    target: 'node20',
    clean: true,
    esbuildPlugins: [sourceUrls],
    noExternal: [/^@trusthold\//],
    // Loads a native module beside itself.
    external: ['libsql'],
    // The same sources that the tests run, whatever was built last.
    esbuildOptions: (options) => {
      options.conditions = ['@trusthold/source']
    },
  })
  const args = [`${root}.setup/bench/main.js`, ...process.argv.slice(2)]
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
})
