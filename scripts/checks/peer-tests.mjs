import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { root } from '../setup/command.mjs'

/** @param {string} file absolute @returns {string[]} files of ours that it imports */
function importsOf(file) {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)]
    .map(([, path = '']) => resolve(dirname(file), path))
    .flatMap((path) =>
      [path, path.replace(/\.js$/, '.ts')].filter((candidate) => existsSync(candidate)).slice(-1),
    )
}

/**
 * @param {string} file absolute
 * @param {Set<string>} [seen] files that were looked at already
 * @returns {boolean} whether it imports a launcher of a peer, directly or not
 */
function needsPeer(file, seen = new Set()) {
  if (seen.has(file)) return false
  seen.add(file)
  return importsOf(file).some((path) => path.startsWith(`${root}scripts/peers/`) || needsPeer(path, seen))
}

/** Folders whose tests all talk to other programs, also those that start them through a program of ours. */
const peerFolders = ['test/e2e/', 'test/interop/']

/** @param {string} file relative to the root */
const talksToPeers = (file) => peerFolders.some((folder) => file.startsWith(folder)) || needsPeer(root + file)

/** @returns {string[]} test files that need a real peer, relative to the root */
export function listPeerTests() {
  const folders = ['packages', 'examples', 'test'].filter((folder) => existsSync(root + folder))
  return folders
    .flatMap((folder) =>
      readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules/') && talksToPeers(file))
    .sort()
}
