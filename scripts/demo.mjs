// Sets up what is missing, then runs the quickstart with the arguments given. stdout is the quickstart's alone.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { root } from './setup/command.mjs'
import { createProgress, runMain } from './setup/progress.mjs'
import { setUp } from './setup.mjs'

/** @param {readonly string[]} args @returns {Promise<number>} the exit code; 128 and the number when a signal ended it */
function runQuickstart(args) {
  const child = spawn(process.execPath, [`${root}examples/quickstart/dist/main.js`, ...args], {
    stdio: 'inherit',
  })
  // A terminal sends Ctrl-C to the quickstart as well; passing it on would interrupt its clean-up.
  const atTerminal = process.stdin.isTTY || process.stderr.isTTY
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) {
    process.on(signal, () => (signal === 'SIGINT' && atTerminal ? undefined : child.kill(signal)))
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
    )
  })
}

/**
 * The programs that the quickstart needs for these arguments; none by default.
 * @param {readonly string[]} args
 * @returns {import('./setup/peers.mjs').PeerPackage[]}
 */
function peersFor(args) {
  const { values } = parseArgs({
    args: [...args],
    options: { tpm: { type: 'string' }, 'key-server': { type: 'string' } },
    // The quickstart itself refuses what it does not take.
    strict: false,
  })
  return [
    ...(values.tpm === 'swtpm' ? swtpmPeers : []),
    ...(values['key-server'] === 'pykmip' ? pyKmipPeers : []),
  ]
}

const swtpmPeers = /** @type {const} */ (['swtpm', 'swtpm-tools'])
/** PyKMIP, and what its certificates are made with. */
const pyKmipPeers = /** @type {const} */ (['python3-pykmip', 'openssl'])

await runMain(async () => {
  const args = process.argv.slice(2)
  await setUp(createProgress(), { peers: peersFor(args) })
  return runQuickstart(args)
})
