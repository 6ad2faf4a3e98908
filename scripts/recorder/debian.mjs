/**
 * Debian packages: which are installed, and the contents of others, which are unpacked but never installed.
 * @module
 */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './processes.mjs'

/** @typedef {Record<string, string>} Versions by package name */

/**
 * Downloads packages and unpacks them all into one directory.
 * @param {string} directory a new directory
 * @param {readonly string[]} names
 * @returns {Promise<{ root: string, versions: Versions }>}
 */
export async function unpackPackages(directory, names) {
  await mkdir(directory, { recursive: true })
  const root = join(directory, 'root')
  await run('apt-get', ['download', ...names], { cwd: directory })
  /** @type {Versions} */
  const versions = {}
  for (const archive of (await readdir(directory)).filter((file) => file.endsWith('.deb')).sort()) {
    await run('dpkg', ['-x', archive, root], { cwd: directory })
    const [name, version] = decodeURIComponent(archive).split('_')
    versions[String(name)] = String(version)
  }
  return { root, versions }
}

/**
 * The package that a metapackage stands for: `linux-image-amd64` depends on that of the newest kernel.
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function resolveMetapackage(name) {
  const text = (await run('apt-cache', ['depends', '--no-recommends', name])).toString()
  const found = /^ {2}Depends: (\S+)$/m.exec(text)?.[1]
  if (found === undefined) throw new Error(`${name} depends on no package; is the package list there?`)
  return found
}

/**
 * @param {readonly string[]} names of installed packages
 * @returns {Promise<Versions>}
 */
export async function installedVersions(names) {
  const listed = await run('dpkg-query', ['-W', '-f', `\${Package} \${Version}\\n`, ...names])
  const lines = listed.toString().trim().split('\n')
  return Object.fromEntries(lines.map((line) => /** @type {[string, string]} */ (line.split(' '))))
}
