import { listEntries, readManifest } from '../setup/workspaces.mjs'

/**
 * The source of each public module of a package, as `exports` names them; what typedoc documents.
 * @param {string} folder such as `packages/core`
 * @returns {string[]} paths relative to the package's folder
 */
export function listSources(folder) {
  return listEntries(readManifest(folder)).map(({ targets }) => targets['@trusthold/source'] ?? '')
}
