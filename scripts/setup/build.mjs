import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { bin, root, runCommand } from './command.mjs'
import { SetupError } from './progress.mjs'
import { listEntries, listWorkspaces } from './workspaces.mjs'

/** @typedef {import('./workspaces.mjs').Workspace} Workspace */

const shared = ['package-lock.json', 'tsconfig.base.json', 'tsup.base.ts']
const stamps = `${root}.setup/build`

/** @param {string} folder @returns {string[]} files below it, in a fixed order */
function filesBelow(folder) {
  if (!existsSync(root + folder)) return []
  const entries = readdirSync(root + folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
    .sort()
}

/** @param {Workspace} workspace @returns {string[]} */
function inputsOf({ folder }) {
  const own = ['package.json', 'tsconfig.json', 'tsup.config.ts'].map((name) => `${folder}/${name}`)
  // Examples bundle the launchers of the peers.
  const launchers = folder.startsWith('examples/') ? filesBelow('scripts/peers') : []
  return [...shared, ...own, ...filesBelow(`${folder}/src`), ...launchers].filter((file) =>
    existsSync(root + file),
  )
}

/**
 * @param {Workspace} workspace
 * @param {readonly Workspace[]} all
 * @returns {string} changes when the build's result could: sources, settings, and those of our packages that it uses
 */
function fingerprint(workspace, all) {
  const hash = createHash('sha256').update(process.versions.node)
  for (const file of inputsOf(workspace)) {
    hash.update(`\0${file}\0`).update(
      createHash('sha256')
        .update(readFileSync(root + file))
        .digest(),
    )
  }
  for (const name of Object.keys(workspace.manifest.dependencies ?? {})) {
    const used = all.find(({ manifest }) => manifest.name === name)
    if (used !== undefined) hash.update(fingerprint(used, all))
  }
  return hash.digest('hex')
}

/** @param {Workspace} workspace */
const stampOf = ({ manifest }) => `${stamps}/${manifest.name.replace('/', '__')}`

/** @param {Workspace} workspace @param {string} wanted */
function isFresh(workspace, wanted) {
  const { folder, manifest } = workspace
  const targets = listEntries(manifest).flatMap((entry) => [entry.targets['types'], entry.targets['default']])
  return (
    existsSync(stampOf(workspace)) &&
    readFileSync(stampOf(workspace), 'utf8') === wanted &&
    existsSync(`${root}${folder}/dist`) &&
    targets.every((target) => target === undefined || existsSync(`${root}${folder}/${target}`))
  )
}

/** @param {Workspace} workspace @param {string} wanted @param {(text: string) => void} progress */
async function build(workspace, wanted, progress) {
  const { folder, manifest } = workspace
  rmSync(stampOf(workspace), { force: true })
  const { code, output, seconds } = await runCommand(bin('tsup'), [], { cwd: folder, timeoutSeconds: 900 })
  if (code !== 0) throw new SetupError(`${output.trim()}\n\nBuilding ${manifest.name} failed.`)
  mkdirSync(stamps, { recursive: true })
  writeFileSync(stampOf(workspace), wanted)
  progress(`built ${manifest.name} in ${seconds.toFixed(1)} s`)
}

/**
 * Builds the workspaces whose output is missing or older than what it is made from. They see each other's sources
 * and not each other's output, so they are built side by side, core first because it takes longest.
 * @param {(text: string) => void} progress
 * @param {(workspace: Workspace) => boolean} [select] all by default
 */
export async function ensureBuild(progress, select = () => true) {
  const all = listWorkspaces()
  const stale = all
    .filter((workspace) => select(workspace) && workspace.manifest.scripts?.['build'] !== undefined)
    .map((workspace) => ({ workspace, wanted: fingerprint(workspace, all) }))
    .filter(({ workspace, wanted }) => !isFresh(workspace, wanted))
  if (stale.length === 0) return
  progress(`building ${stale.map(({ workspace }) => workspace.manifest.name).join(', ')}`)
  const queue = stale[Symbol.iterator]()
  const worker = async () => {
    for (const { workspace, wanted } of queue) await build(workspace, wanted, progress)
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker))
}
