import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** tpm2-tools for a TPM in this process, which answers only while nobody waits in a blocking call. */
export interface AsyncTools {
  /** Runs `tpm2_<tool>` and returns what it printed. File names are relative to a private directory. */
  run(tool: string, ...args: readonly string[]): Promise<string>
  /** The same for a tool that has to fail; returns what it complained about. */
  fail(tool: string, ...args: readonly string[]): Promise<string>
  read(name: string): Uint8Array
  write(name: string, content: Uint8Array | string): void
  /** Removes what tools without a resource manager leave in the TPM. */
  flush(): Promise<void>
  remove(): void
}

/** @param tcti how the tools reach the TPM */
export function createAsyncTools(tcti: string): AsyncTools {
  const directory = mkdtempSync(join(tmpdir(), 'trusthold-tools-'))
  const env = { ...process.env, TPM2TOOLS_TCTI: tcti, TSS2_LOG: 'all+error' }
  const start = (tool: string, args: readonly string[]) =>
    run(`tpm2_${tool}`, [...args], { cwd: directory, env, encoding: 'utf8' })
  return {
    run: async (tool, ...args) => (await start(tool, args)).stdout,
    async fail(tool, ...args) {
      const outcome = await start(tool, args).then(
        () => undefined,
        (error: unknown) => String((error as { stderr?: string }).stderr ?? error),
      )
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
