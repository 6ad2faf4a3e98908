// Packs every package as it would be published, and checks the archives: what is in them, how their entries resolve,
// and that a program that has only these archives can import and require every entry.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { bin, root, runCommand } from '../setup/command.mjs'
import { runMain } from '../setup/progress.mjs'
import { listEntries, listPackages } from '../setup/workspaces.mjs'

/** @typedef {import('../setup/workspaces.mjs').Workspace} Workspace */

// Below the repository, so that third-party packages resolve to those installed here.
const folder = '.setup/packed'
const modules = `${folder}/node_modules`

/** @param {string} file @param {Workspace} workspace what a package may contain */
function belongs(file, { manifest }) {
  if (['LICENSE', 'README.md', 'package.json'].includes(file)) return true
  const entries = listEntries(manifest).map(
    ({ targets }) => targets['default']?.replace(/^\.\/|\.js$/g, '') ?? '',
  )
  const output = /^(dist\/.+?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(file)?.[1]
  // Besides the entries there are only the pieces that several of them share, and these lie at the top.
  return output !== undefined && (entries.includes(output) || /^dist\/[\w.-]+-[\w-]+$/.test(output))
}

/** @param {Workspace} workspace @param {readonly string[]} files @returns {string[]} problems */
function checkContent(workspace, files) {
  const targets = listEntries(workspace.manifest).flatMap((entry) => [
    entry.targets['types'],
    entry.targets['default'],
  ])
  const needed = ['LICENSE', 'README.md', 'package.json', ...targets.map((target) => target?.slice(2))]
  const license = existsSync(`${root}${workspace.folder}/LICENSE`)
    ? readFileSync(`${root}${workspace.folder}/LICENSE`, 'utf8')
    : ''
  return [
    ...needed
      .filter((file) => !files.includes(file ?? ''))
      .map((file) => `${file} is missing in the archive`),
    ...files.filter((file) => !belongs(file, workspace)).map((file) => `${file} has no place in the archive`),
    ...(license === readFileSync(`${root}LICENSE`, 'utf8')
      ? []
      : ['LICENSE is not the one of the repository']),
  ]
}

/** @param {string} command @param {readonly string[]} args @param {string} [cwd] @returns {Promise<string[]>} problems */
async function attempt(command, args, cwd) {
  const { code, output } = await runCommand(command, args, { timeoutSeconds: 180, ...(cwd && { cwd }) })
  return code === 0 ? [] : [`${command.split('/').at(-1)} ${args.join(' ')}\n${output.trim()}`]
}

/** @param {Workspace} workspace @returns {Promise<string[]>} problems */
async function checkPackage(workspace) {
  const { name, version } = JSON.parse(readFileSync(`${root}${workspace.folder}/package.json`, 'utf8'))
  const archive = `${root}${folder}/${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  const packing = await attempt(
    'npm',
    ['pack', '--silent', '--pack-destination', `${root}${folder}`],
    workspace.folder,
  )
  if (packing.length > 0) return packing
  const { output } = await runCommand('tar', ['-tzf', archive])
  const files = output
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''))
  const target = `${modules}/${name}`
  mkdirSync(root + target, { recursive: true })
  const found = [
    checkContent(workspace, files),
    await attempt('tar', ['-xzf', archive, '--strip-components=1', '-C', root + target]),
    await attempt(bin('publint'), ['run', archive, '--strict']),
    // Only ESM resolution counts: these packages are ESM only, and CommonJS reaches them by require(esm).
    await attempt(bin('attw'), [archive, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji']),
  ]
  return found.flat()
}

const loader = `
const { spec, how } = JSON.parse(process.argv[2])
void (async () => {
  const required = how === 'require first' ? require(spec) : undefined
  const imported = await import(spec)
  if ((required ?? require(spec)) !== imported) throw new Error('require and import give two modules')
  if (Object.keys(imported).length === 0) throw new Error('exports nothing')
})()
`

/** @returns {Promise<string[]>} problems */
async function checkEntries() {
  writeFileSync(`${root}${folder}/load.cjs`, loader)
  const specifiers = listPackages().flatMap(({ manifest }) =>
    listEntries(manifest).map((entry) => entry.specifier),
  )
  const found = await Promise.all(
    specifiers.flatMap((spec) =>
      ['require first', 'import first'].map(async (how) => {
        const { code, output } = await runCommand(
          process.execPath,
          ['load.cjs', JSON.stringify({ spec, how })],
          {
            cwd: folder,
            timeoutSeconds: 60,
          },
        )
        return code === 0 ? [] : [`${spec}, ${how}:\n${output.trim()}`]
      }),
    ),
  )
  return found.flat()
}

await runMain(async () => {
  rmSync(root + folder, { recursive: true, force: true })
  mkdirSync(root + modules, { recursive: true })
  writeFileSync(`${root}${folder}/package.json`, '{}\n')
  const found = await Promise.all(
    listPackages().map(async (workspace) =>
      (await checkPackage(workspace)).map((problem) => `${workspace.manifest.name}: ${problem}`),
    ),
  )
  const problems = [...found.flat(), ...(await checkEntries())]
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log(`${listPackages().length} packages are fit to be published`)
  return problems.length === 0 ? 0 : 1
})
