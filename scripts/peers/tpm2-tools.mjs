/**
 * tpm2-tools with a private directory. They run beside this process, so that they can talk to a TPM that is in it.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const runFile = promisify(execFile)
/** No tool takes longer, whatever the TPM does. */
const timeoutMs = 60_000

/**
 * @typedef {object} Tpm2Tools
 * @property {(tool: string, ...args: readonly string[]) => Promise<string>} run runs `tpm2_<tool>` and returns what it
 *   printed; file names are relative to the directory
 * @property {(tool: string, ...args: readonly string[]) => Promise<string>} fail the same for a tool that has to fail;
 *   returns what it complained about
 * @property {(name: string) => Uint8Array} read
 * @property {(name: string, content: Uint8Array | string) => void} write
 * @property {() => Promise<void>} flush removes what tools without a resource manager leave in the TPM
 * @property {() => void} remove
 */

/**
 * @param {string} tcti how the tools reach the TPM
 * @returns {Tpm2Tools}
 */
export function createTpm2Tools(tcti) {
  const directory = mkdtempSync(join(tmpdir(), 'trusthold-tools-'))
  const env = { ...process.env, TPM2TOOLS_TCTI: tcti, TSS2_LOG: 'all+error' }
  /** @param {string} tool @param {readonly string[]} args */
  const start = (tool, args) =>
    runFile(`tpm2_${tool}`, [...args], { cwd: directory, env, encoding: 'utf8', timeout: timeoutMs })
  return {
    run: async (tool, ...args) => (await start(tool, args)).stdout,
    async fail(tool, ...args) {
      const outcome = await start(tool, args).then(() => undefined, complaintOf)
      if (outcome === undefined) throw new Error(`tpm2_${tool} did not fail`)
      return outcome
    },
    read: (name) => new Uint8Array(readFileSync(join(directory, name))),
    write: (name, content) => writeFileSync(join(directory, name), content),
    async flush() {
      for (const kind of ['-t', '-l', '-s']) await start('flushcontext', [kind])
    },
    remove: () => rmSync(directory, { recursive: true }),
  }
}

/** @param {unknown} error @returns {string} what a tool wrote to its standard error */
function complaintOf(error) {
  if (error instanceof Error && 'stderr' in error && typeof error.stderr === 'string') return error.stderr
  throw error
}
