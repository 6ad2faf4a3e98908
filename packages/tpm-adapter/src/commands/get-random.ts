import { concatBytes } from '@trusthold/core/bytes'
import { u16 } from '@trusthold/core/codec'
import { tpm2bDigest } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_GetRandom', {
  parameters: { bytesRequested: u16 },
  response: { randomBytes: tpm2bDigest },
  check: ({ bytesRequested }, { randomBytes }) =>
    randomBytes.length > 0 && randomBytes.length <= bytesRequested
      ? undefined
      : `${randomBytes.length} bytes, not 1 to ${bytesRequested}`,
})

/** TPM2_GetRandom, as often as it takes: a TPM gives no more than a digest at a time. Part 3, section 16.1. */
export async function getRandom(runner: CommandRunner, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let left = length; left > 0; ) {
    const parameters = { bytesRequested: Math.min(left, 64) }
    const { randomBytes } = (await runner.run(command, { handles: {}, parameters })).values
    parts.push(randomBytes)
    left -= randomBytes.length
  }
  return concatBytes(...parts)
}
