import { readFileSync } from 'node:fs'
import { root, runCommand } from './command.mjs'
import { SetupError } from './progress.mjs'

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {string} [resolved]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 */

/** @param {string} path @returns {Record<string, LockedPackage> | undefined} */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * Compares what is locked with what npm says it installed (its hidden lock file, written last). Optional packages
 * are left out: most of them are for other machines.
 * @returns {string | undefined} why an installation is needed, undefined when it is not
 */
export function findOutdated() {
  const locked = readLock(`${root}package-lock.json`)
  if (locked === undefined)
    throw new SetupError('package-lock.json is missing or not JSON; the checkout is damaged.')
  const installed = readLock(`${root}node_modules/.package-lock.json`)
  if (installed === undefined) return 'node_modules is missing or incomplete'
  for (const [path, wanted] of Object.entries(locked)) {
    if (!path.startsWith('node_modules/') || wanted.optional || wanted.devOptional) continue
    const found = installed[path]
    if (found === undefined) return `${path} is missing`
    if (found.version !== wanted.version || found.integrity !== wanted.integrity)
      return `${path} is another version`
  }
  const extra = Object.keys(installed).find((path) => path.startsWith('node_modules/') && !(path in locked))
  return extra === undefined ? undefined : `${extra} is not in the lock file`
}

/** What npm's error codes mean for the one who reads them. */
const explanations = [
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|stopped after|ERR_SOCKET_TIMEOUT/,
    text: 'The package registry could not be reached. Check the network, a proxy (npm config get proxy) and the registry (npm config get registry).',
  },
  {
    pattern: /EUSAGE|can only install packages when/,
    text: 'package.json and package-lock.json do not fit together: run `npm install` once.',
  },
  {
    pattern: /EBADENGINE/,
    text: 'A dependency does not support this version of Node; use the one in .nvmrc.',
  },
  { pattern: /EACCES|EPERM/, text: 'npm may not write here: node_modules belongs to another user.' },
  { pattern: /ENOSPC/, text: 'The disk is full.' },
]

/**
 * Installs the dependencies when what is installed is not what is locked.
 * @param {(text: string) => void} progress
 */
export async function ensureDependencies(progress) {
  const reason = findOutdated()
  if (reason === undefined) return
  progress(`installing dependencies: ${reason}`)
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const { code, output, seconds } = await runCommand('npm', args, { timeoutSeconds: 420 })
  if (code !== 0) {
    const explanation = explanations.find(({ pattern }) => pattern.test(output))
    throw new SetupError(`${output.trim()}\n\nnpm ci failed. ${explanation?.text ?? 'See its output above.'}`)
  }
  progress(`dependencies installed in ${seconds.toFixed(1)} s`)
}
