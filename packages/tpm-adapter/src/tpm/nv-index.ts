import { concatBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { permanentHandles, type TpmaNv } from '@trusthold/core/tpm2'
import { readProperty } from '../commands/get-capability.js'
import { nvRead } from '../commands/nv-read.js'
import { nvReadPublic } from '../commands/nv-read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession } from '../commands/sessions.js'

/** TPM_PT_NV_BUFFER_MAX, in bytes; 512 is the least that the PC Client profile allows. Part 2, section 6.13. */
const nvBufferMaxProperty = 0x12c
const leastNvBufferMax = 512

function authorizationFor(index: number, { authRead, ownerRead }: TpmaNv): number {
  if (authRead) return index
  if (ownerRead) return permanentHandles.owner
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: `NV index 0x${index.toString(16)}`,
    reason: 'it can be read neither with its own nor with the owner authorisation',
  })
}

/** The content of an NV index, in as many reads as it takes; undefined when it was never written. */
export async function readNvIndex(runner: CommandRunner, index: number): Promise<Uint8Array | undefined> {
  const { attributes, dataSize } = await nvReadPublic(runner, index)
  if (!attributes.written) return undefined
  const authorization = authorizationFor(index, attributes)
  const session = passwordSession()
  const chunk = (await readProperty(runner, nvBufferMaxProperty)) ?? leastNvBufferMax
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < dataSize; offset += chunk) {
    const size = Math.min(chunk, dataSize - offset)
    parts.push(await nvRead(runner, { authorization, session, index, size, offset }))
  }
  return concatBytes(...parts)
}
