import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { type RandomSource, systemRandom, type Tpm, type TpmTransport } from '@trusthold/core/ports'
import { createCommandRunner, type RetryPolicy } from '../commands/run-command.js'
import { openLinuxDevice } from '../transport/linux-device.js'
import { createSavedKey, openSavedKey } from './attestation-key.js'
import { type FoundEndorsementKey, findEndorsementKeys } from './endorsement-keys.js'
import { type EventLogSource, linuxEventLog, readEventLog } from './event-log.js'
import { readPcrValues } from './pcr-values.js'
import { decodeSavedKey } from './saved-key.js'
import { createTurns } from './turns.js'

/** What {@link openTpm} takes. */
export interface OpenTpmOptions {
  /** A transport, which the TPM closes with itself, or the path of a device; `/dev/tpmrm0` by default. */
  transport?: TpmTransport | string
  /** A file or a function; by default, where Linux shows the log of the firmware. */
  eventLog?: EventLogSource
  /** For nonces; the system's by default. */
  random?: RandomSource
  /** When a command is sent again that the TPM asks for again. */
  retry?: RetryPolicy
}

/**
 * Opens a TPM 2.0. The hierarchies' passwords have to be empty, as they are unless someone set them.
 *
 * Nothing stays in the TPM between calls: keys are kept outside it as saved contexts. Endorsement keys are looked up
 * once.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT when the device cannot be opened
 */
export async function openTpm(options: OpenTpmOptions = {}): Promise<Tpm> {
  const { transport: given, eventLog = linuxEventLog, random = systemRandom, retry } = options
  const transport = given === undefined || typeof given === 'string' ? await openLinuxDevice(given) : given
  const runner = createCommandRunner(transport, retry)
  const turns = createTurns()
  const context = { runner, turns, random }
  let found: readonly FoundEndorsementKey[] | undefined

  const lookUp = async (): Promise<readonly FoundEndorsementKey[]> => {
    found ??= await findEndorsementKeys(runner)
    return found
  }

  const ours = async (publicArea: Uint8Array): Promise<FoundEndorsementKey> => {
    const key = (await lookUp()).find((each) => equalBytes(each.key.publicArea, publicArea))
    if (key !== undefined) return key
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'endorsementKey', reason: 'not a key of this TPM' })
  }

  return {
    endorsementKeys: () => turns(async () => (await lookUp()).map(({ key }) => key)),

    openAttestationKey: ({ endorsementKey, kind = endorsementKey.kind, saved }) =>
      turns(async () => {
        const parent = await ours(endorsementKey.publicArea)
        const key = saved === undefined ? await createSavedKey(context, parent, kind) : decodeSavedKey(saved)
        return await openSavedKey(context, parent, key)
      }),

    readPcrs: (selection) => turns(() => readPcrValues(runner, selection)),

    eventLog: () => readEventLog(eventLog),

    // Attestation keys hold nothing in the TPM and cannot do anything without the transport.
    close: () => transport.close(),
  }
}
