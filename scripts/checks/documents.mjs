import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { root } from '../setup/command.mjs'
import { listPackages } from '../setup/workspaces.mjs'

/** @returns {string[]} every document for readers: the root's, the packages' and those under docs, without built ones */
export function listDocuments() {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'))
  const readmes = listPackages().map(({ folder }) => `${folder}/README.md`)
  const guides = existsSync(`${root}docs`)
    ? readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)
    : []
  return [...top, ...readmes, ...guides].filter(
    (file) => file.endsWith('.md') && !file.startsWith('docs/api/') && existsSync(root + file),
  )
}

/** @param {string} file @returns {string[]} */
export function readLines(file) {
  return readFileSync(root + file, 'utf8').split('\n')
}
