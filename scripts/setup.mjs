// Makes a fresh checkout ready: dependencies, the programs that tests talk to, the build. Quick when all is there.
import { fileURLToPath } from 'node:url'
import { ensureBuild } from './setup/build.mjs'
import { ensureDependencies } from './setup/dependencies.mjs'
import { withLock } from './setup/lock.mjs'
import { checkNode } from './setup/node-version.mjs'
import { allPeers, ensurePeers } from './setup/peers.mjs'
import { createProgress, runMain } from './setup/progress.mjs'

/**
 * @typedef {object} SetupOptions
 * @property {readonly import('./setup/peers.mjs').PeerPackage[]} [peers] all by default
 * @property {boolean} [build] true by default
 */

/**
 * Does what is needed and nothing that is not.
 * @param {(text: string) => void} progress
 * @param {SetupOptions} [options]
 */
export async function setUp(progress, { peers = allPeers, build = true } = {}) {
  checkNode()
  await withLock(progress, async () => {
    // npm's and apt's downloads share nothing but the network.
    await Promise.all([ensureDependencies(progress), ensurePeers(progress, peers)])
    if (build) await ensureBuild(progress)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runMain(async () => {
    const progress = createProgress()
    await setUp(progress)
    progress('ready')
    return 0
  })
}
