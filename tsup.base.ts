import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** The build of a published package: one entry for each module that its `exports` name, from the source named there. */
export function library(): ReturnType<typeof defineConfig> {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
  const sources = Object.values(exports).flatMap((targets) => (typeof targets === 'string' ? [] : [targets]))
  return defineConfig({
    entry: Object.fromEntries(
      sources.map((targets) => [entryName(targets), targets['@trusthold/source'] ?? '']),
    ),
    format: ['esm'],
    splitting: true,
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'node20',
  })
}

/** `./dist/tpm2/index.js` is the output of the entry `tpm2/index`. */
function entryName(targets: Readonly<Record<string, string>>): string {
  return (targets['default'] ?? '').replace(/^\.\/dist\/|\.js$/g, '')
}
