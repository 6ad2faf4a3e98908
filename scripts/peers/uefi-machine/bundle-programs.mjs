import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Packages in CommonJS ask for Node's modules in their own way. */
const banner = `#!/bin/node
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)`

/**
 * Makes each program one file with everything that it needs, to be run by itself.
 * @param {Readonly<Record<string, string>>} programs sources by the name that the program gets
 * @param {string} directory
 */
export async function bundlePrograms(programs, directory) {
  await mkdir(directory, { recursive: true })
  // A file without an extension is a module only where its package says so.
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n')
  for (const [name, source] of Object.entries(programs)) {
    const outfile = join(directory, name)
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      conditions: ['@trusthold/source'],
      minify: true,
      banner: { js: banner },
      logLevel: 'error',
    })
    if ((await readFile(outfile)).length === 0) throw new Error(`${source} makes an empty program`)
    await chmod(outfile, 0o755)
  }
}
