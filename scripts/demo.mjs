// Sets up what is missing, then runs the quickstart with the arguments given. stdout is the quickstart's alone.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
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

await runMain(async () => {
  await setUp(createProgress(), { peers: ['swtpm', 'swtpm-tools', 'python3-pykmip', 'openssl'] })
  return runQuickstart(process.argv.slice(2))
})
