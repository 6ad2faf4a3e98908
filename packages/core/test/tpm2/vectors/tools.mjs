/**
 * tpm2-tools and a software TPM for recorders.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSwtpm } from '../../../../../scripts/peers/swtpm.mjs'

/**
 * @typedef {object} RecorderTools
 * @property {string} directory where the tools run
 * @property {(tool: string, ...args: readonly string[]) => string} run runs `tpm2_<tool>` and returns what it printed
 * @property {(command: string) => string} send a command and its response, in hexadecimal
 * @property {() => void} flush removes what tools without a resource manager leave in the TPM
 * @property {(name: string) => string} hexOf content of a file
 * @property {(name: string) => string} contentOf a TPM2B without its size
 * @property {(name: string, content: string | Uint8Array) => void} write
 * @property {() => readonly string[]} versions of swtpm and tpm2-tools
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<RecorderTools>} */
export async function openTools() {
  const directory = mkdtempSync(join(tmpdir(), 'trusthold-vectors-'))
  const tpm = await startSwtpm()
  const env = { ...process.env, TPM2TOOLS_TCTI: tpm.tcti }
  /** @type {RecorderTools['run']} */
  const run = (tool, ...args) => execFileSync(`tpm2_${tool}`, args, { cwd: directory, env, encoding: 'utf8' })
  /** @type {RecorderTools['hexOf']} */
  const hexOf = (name) => readFileSync(join(directory, name)).toString('hex')
  return {
    directory,
    run,
    hexOf,
    send(command) {
      const input = Buffer.from(command, 'hex')
      return execFileSync('tpm2_send', { cwd: directory, env, input }).toString('hex')
    },
    flush() {
      for (const kind of ['-t', '-l', '-s']) run('flushcontext', kind)
    },
    contentOf: (name) => hexOf(name).slice(4),
    write: (name, content) => writeFileSync(join(directory, name), content),
    versions: () => [
      execFileSync('swtpm', ['--version'], { encoding: 'utf8' }).trim(),
      run('quote', '--version').trim(),
    ],
    async close() {
      await tpm.stop()
      rmSync(directory, { recursive: true })
    },
  }
}
