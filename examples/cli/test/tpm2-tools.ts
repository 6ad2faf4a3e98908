import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createFiles, type Files } from './running.js'

/** tpm2-tools with a private directory, for a TPM that nobody else is connected to meanwhile. */
export interface Tools {
  readonly files: Files
  /** Runs `tpm2_<tool>` and returns what it printed. File names are relative to the directory. */
  run(tool: string, ...args: readonly string[]): string
  read(name: string): Uint8Array
}

/** @param tcti how the tools reach the TPM */
export function createTools(tcti: string): Tools {
  const files = createFiles()
  const env = { PATH: process.env['PATH'], TPM2TOOLS_TCTI: tcti }
  const execute = (tool: string, args: readonly string[]): string =>
    execFileSync(`tpm2_${tool}`, args, {
      cwd: files.directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    files,
    run(tool, ...args) {
      try {
        return execute(tool, args)
      } finally {
        // Without a resource manager every tool leaves its keys in the TPM; three fill it.
        execute('flushcontext', ['-t'])
      }
    },
    read: (name) => new Uint8Array(readFileSync(files.at(name))),
  }
}
