import { readFile } from 'node:fs/promises'
import { describeError, TrustholdError } from '@trusthold/core/errors'

/** Where Linux shows the firmware's log. */
export const linuxEventLog = '/sys/kernel/security/tpm0/binary_bios_measurements'

/** A file, or whatever else gives the log. */
export type EventLogSource = string | (() => Promise<Uint8Array>)

/**
 * Reads the event log.
 * @throws TPM_NOT_AVAILABLE when there is none, or it may not be read
 */
export async function readEventLog(source: EventLogSource): Promise<Uint8Array> {
  if (typeof source === 'function') return await source()
  try {
    return new Uint8Array(await readFile(source))
  } catch (error) {
    throw new TrustholdError(
      'TPM_NOT_AVAILABLE',
      { what: 'the event log', reason: describeError(error) },
      { cause: error },
    )
  }
}
