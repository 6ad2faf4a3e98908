/**
 * The boot that the attack suite's authority approves: a recorded one of a real virtual machine.
 * @module
 */
import { parseEventLog } from '@trusthold/core/measured-boot'
import { type BaseImage, captureBaseImage } from '@trusthold/core/policy'
import { loadBoot } from '../recordings/load.js'

const boot = loadBoot('boot-secure')
/** PCRs that the image names. */
export const imagePcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** The recorded event log. */
export const bootLog = (): Uint8Array => boot.eventLog

/** The recorded values of all PCRs of a bank. */
export function bootPcrs(bank: string): ReadonlyMap<number, Uint8Array> {
  const values = boot.pcrs[bank as keyof typeof boot.pcrs]
  if (values === undefined) throw new Error(`no bank ${bank} was recorded`)
  return values
}

/** What booted, as a base image. */
export function approvedImage(
  name = 'approved',
  bank = 'sha256',
  pcrs: readonly number[] = imagePcrs,
): BaseImage {
  const values = new Map(pcrs.map((pcr) => [pcr, bootPcrs(bank).get(pcr) ?? new Uint8Array()]))
  return captureBaseImage({ name, log: parseEventLog(boot.eventLog), bank, pcrs: values })
}
