import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../scripts/peers/swtpm.mjs'

/** tpm2-tools with a private directory, for a TPM that nobody else is connected to meanwhile. */
export interface Tools {
  /** Runs `tpm2_<tool>` and returns what it printed. File names are relative to the directory. */
  run(tool: string, ...args: readonly string[]): string
  read(name: string): Uint8Array
  write(name: string, content: Uint8Array): void
  /** Removes what tools without a resource manager leave in the TPM. */
  flush(): void
  remove(): void
}

/** @param tcti how the tools reach the TPM */
export function createTools(tcti: string): Tools {
  const directory = mkdtempSync(join(tmpdir(), 'trusthold-tools-'))
  const env = { ...process.env, TPM2TOOLS_TCTI: tcti }
  const run = (tool: string, ...args: readonly string[]): string =>
    execFileSync(`tpm2_${tool}`, args, {
      cwd: directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    run,
    read: (name) => new Uint8Array(readFileSync(join(directory, name))),
    write: (name, content) => writeFileSync(join(directory, name), content),
    flush() {
      for (const kind of ['-t', '-l', '-s']) run('flushcontext', kind)
    },
    remove: () => rmSync(directory, { recursive: true }),
  }
}

/** A TPM of its own for the tests of a file, and tools for it; both go when they are done. */
export async function startTools(): Promise<{ readonly peer: Swtpm; readonly tools: Tools }> {
  const peer = await startSwtpm()
  const tools = createTools(peer.tcti)
  afterAll(async () => {
    tools.remove()
    await peer.stop()
  })
  return { peer, tools }
}
