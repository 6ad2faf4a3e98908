import { existsSync, readFileSync } from 'node:fs'
import { root } from './command.mjs'

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {boolean} [private]
 * @property {string[]} [workspaces]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string | Record<string, string>>} [exports]
 *
 * @typedef {object} Workspace
 * @property {string} folder relative to the root, such as `packages/core`
 * @property {Manifest} manifest
 */

/** @param {string} folder @returns {Manifest} */
export function readManifest(folder) {
  return JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'))
}

/** @returns {Workspace[]} all workspaces, in the order of the root's list */
export function listWorkspaces() {
  const folders = readManifest('.').workspaces ?? []
  return folders
    .filter((folder) => existsSync(`${root}${folder}/package.json`))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
}

/** @returns {Workspace[]} the workspaces that are published */
export function listPackages() {
  return listWorkspaces().filter(({ manifest }) => manifest.private !== true)
}

/**
 * The module entries of a manifest's `exports`.
 * @param {Manifest} manifest
 * @returns {{ subpath: string, specifier: string, targets: Record<string, string> }[]}
 */
export function listEntries({ name, exports = {} }) {
  return Object.entries(exports).flatMap(([subpath, targets]) =>
    typeof targets === 'string' ? [] : [{ subpath, specifier: name + subpath.slice(1), targets }],
  )
}
