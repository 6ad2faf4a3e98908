// Every module that a document names exists, and every module that exists is named in its package's README.
import { existsSync } from 'node:fs'
import { root } from '../setup/command.mjs'
import { runMain } from '../setup/progress.mjs'
import { listEntries, listPackages, listWorkspaces } from '../setup/workspaces.mjs'
import { listDocuments, readLines } from './documents.mjs'

const entries = listPackages().flatMap(({ folder, manifest }) =>
  listEntries(manifest).map(({ specifier, targets }) => ({
    folder,
    specifier,
    source: targets['@trusthold/source'],
  })),
)
const known = new Set([
  ...entries.map(({ specifier }) => specifier),
  ...listWorkspaces().map(({ manifest }) => manifest.name),
  '@trusthold/source',
])

/** @param {string} file @returns {string[]} */
function findUnknown(file) {
  return readLines(file).flatMap((line, i) =>
    [...line.matchAll(/@trusthold\/[a-z0-9-]+(?:\/[a-z0-9.-]*[a-z0-9])*/g)]
      .filter(([specifier]) => !known.has(specifier))
      .map(([specifier]) => `${file}:${i + 1}: ${specifier} does not exist`),
  )
}

await runMain(async () => {
  const problems = listDocuments().flatMap(findUnknown)
  for (const { folder, specifier, source } of entries) {
    const readme = `${folder}/README.md`
    const named =
      existsSync(root + readme) && readLines(readme).some((line) => line.includes(`\`${specifier}\``))
    if (!named) problems.push(`${readme}: does not name \`${specifier}\``)
    if (!existsSync(`${root}${folder}/${source}`))
      problems.push(`${specifier}: its source ${source} does not exist`)
  }
  for (const problem of problems) console.error(problem)
  return problems.length === 0 ? 0 : 1
})
