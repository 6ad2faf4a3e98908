import { concatBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { computeNvName, permanentHandles, type TpmsNvPublic } from '@trusthold/core/tpm2'
import type { Entity } from '../commands/entity.js'
import { readProperty } from '../commands/get-capability.js'
import { nvRead } from '../commands/nv-read.js'
import { nvReadPublic } from '../commands/nv-read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession, type Session } from '../commands/sessions.js'
import { type Authority, noSalt, withHierarchy } from './authorization.js'

/** TPM_PT_NV_BUFFER_MAX, in bytes; 512 is the least that the PC Client profile allows. Part 2, section 6.13. */
const nvBufferMaxProperty = 0x12c
const leastNvBufferMax = 512

/** Reads with the authorisation of the index itself, which is empty, or with the owner's. */
function withReader<T>(
  runner: CommandRunner,
  authority: Authority,
  { nvIndex, attributes }: TpmsNvPublic,
  index: Entity,
  work: (authorization: Entity, session: Session) => Promise<T>,
): Promise<T> {
  if (attributes.authRead) return work(index, passwordSession())
  if (attributes.ownerRead) {
    return withHierarchy(runner, authority, 'owner', noSalt, (session) =>
      work(permanentHandles.owner, session),
    )
  }
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: `NV index 0x${nvIndex.toString(16)}`,
    reason: 'it can be read neither with its own nor with the owner authorisation',
  })
}

/** The content of an NV index, in as many reads as it takes; undefined when it was never written. */
export async function readNvIndex(
  runner: CommandRunner,
  authority: Authority,
  handle: number,
): Promise<Uint8Array | undefined> {
  const nvPublic = await nvReadPublic(runner, handle)
  const { attributes, dataSize } = nvPublic
  if (!attributes.written) return undefined
  const index = { handle, name: computeNvName(nvPublic) }
  const chunk = (await readProperty(runner, nvBufferMaxProperty)) ?? leastNvBufferMax
  return await withReader(runner, authority, nvPublic, index, async (authorization, session) => {
    const parts: Uint8Array[] = []
    for (let offset = 0; offset < dataSize; offset += chunk) {
      const size = Math.min(chunk, dataSize - offset)
      parts.push(await nvRead(runner, { authorization, session, index, size, offset }))
    }
    return concatBytes(...parts)
  })
}
