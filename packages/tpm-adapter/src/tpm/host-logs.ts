import { readFile } from 'node:fs/promises'
import { describeError, TrustholdError } from '@trusthold/core/errors'

/** A file, or whatever else gives the log. */
export type EventLogSource = string | (() => Promise<Uint8Array>)

/** The same for a log that there may be none of. */
export type OptionalLogSource = string | (() => Promise<Uint8Array | undefined>)

/** Where Linux shows the firmware's log. */
export const linuxEventLog = '/sys/kernel/security/tpm0/binary_bios_measurements'
/** Where Linux shows the list of IMA; the binary form, whose entries say how long they are. */
export const linuxImaLog = '/sys/kernel/security/ima/binary_runtime_measurements'
/** Where systemd keeps its log, from version 255 on. */
export const systemdLog = '/run/log/systemd/tpm2-measure.log'

/**
 * Reads the event log.
 * @throws TPM_NOT_AVAILABLE when there is none, or it may not be read
 */
export async function readEventLog(source: EventLogSource): Promise<Uint8Array> {
  if (typeof source === 'function') return await source()
  try {
    return await readWhole(source)
  } catch (error) {
    throw unreadable('the event log', error)
  }
}

/**
 * Reads a log that there may be none of.
 * @param what names it in errors
 * @returns undefined when the file is not there
 * @throws TPM_NOT_AVAILABLE when it may not be read: a log that is there and not shown looks like a machine with
 *   something to hide
 */
export async function readOptionalLog(
  what: string,
  source: OptionalLogSource,
): Promise<Uint8Array | undefined> {
  if (typeof source === 'function') return await source()
  try {
    return await readWhole(source)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unreadable(what, error)
  }
}

/** To its end, whatever size the kernel says that it has. */
async function readWhole(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path))
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

const unreadable = (what: string, error: unknown): TrustholdError =>
  new TrustholdError('TPM_NOT_AVAILABLE', { what, reason: describeError(error) }, { cause: error })
