import { type BootName, loadBoot } from '../../../../test/recordings/load.js'
import { parseEventLog } from '../../src/measured-boot/index.js'
import { type BaseImage, captureBaseImage } from '../../src/policy/index.js'

/** PCRs that the recorded boots are judged on. */
export const judgedPcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]

/** A recorded boot with its log and the values of some PCRs. */
export function recordedHost(name: BootName, pcrs: readonly number[] = judgedPcrs) {
  const boot = loadBoot(name)
  const values = new Map([...boot.pcrs.sha256].filter(([pcr]) => pcrs.includes(pcr)))
  return { boot, log: parseEventLog(boot.eventLog), values, state: { bank: 'sha256', values } }
}

/** The base image of a recorded boot. */
export function recordedImage(name: BootName, pcrs: readonly number[] = judgedPcrs): BaseImage {
  const { log, values } = recordedHost(name, pcrs)
  return captureBaseImage({ name: `image of ${name}`, log, bank: 'sha256', pcrs: values })
}
