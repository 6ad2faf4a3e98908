import { equalBytes } from '../../bytes/index.js'
import type { Fact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import { listFact } from './measured-object.js'

/** PCR of what the firmware loads on the way to the operating system. */
export const imagePcr = 4

/** An image that the firmware loaded: a boot loader, a kernel. */
export interface LoadedImage {
  /**
   * The events that measured it: several when it was measured again before any other, as a kernel is that shim's
   * protocol verifies before the firmware loads it.
   */
  readonly events: readonly [number, ...number[]]
  /** Its Authenticode digest, which leaves the signatures out. */
  readonly digest: Uint8Array
}

/**
 * The images in PCR 4, in order. What the event's own data tells, the firmware's actions and separators, is left out. An
 * image that has another inside may be measured as two: from a unified kernel image many versions of systemd-stub have
 * the firmware load the kernel too, so that one boot has two images.
 */
export function readImages(log: ProvedLog): Fact<readonly LoadedImage[]> {
  const images: { events: [number, ...number[]]; digest: Uint8Array }[] = []
  for (const event of log.eventsOf(imagePcr)) {
    if (log.isDigestOf(event, event.data)) continue
    const digest = log.digestOf(event)
    const last = images.at(-1)
    if (last !== undefined && equalBytes(last.digest, digest)) last.events.push(event.index)
    else images.push({ events: [event.index], digest })
  }
  return listFact(log, imagePcr, images)
}
