import { toHex } from '../bytes/index.js'
import type { MeasurementLog } from '../measured-boot/index.js'
import type { BaseImage, ReferencePcr } from './base-image.js'
import { extendingEvents } from './capture.js'

/** The first event at which a boot and a base image part, in one PCR. */
export interface ImageDifference {
  readonly pcr: number
  /** Event of the log, by index; undefined when the log has no further event, or does not tell. */
  readonly event: number | undefined
  /** What the image has there, in words; undefined when the image has no further event. */
  readonly expected: string | undefined
  /** What was measured there, in words; undefined when nothing further was. */
  readonly measured: string | undefined
}

/** PCRs of an image that the given values do not have, or have otherwise. */
export function differingPcrs(
  image: BaseImage,
  values: ReadonlyMap<number, Uint8Array>,
): readonly ReferencePcr[] {
  return image.pcrs.filter(({ pcr, value }) => {
    const found = values.get(pcr)
    return found === undefined || toHex(found) !== value
  })
}

/** Finds where the log leaves the image in one PCR. */
export function firstDifference(
  image: BaseImage,
  reference: ReferencePcr,
  log: MeasurementLog,
): ImageDifference {
  const { pcr, events: expected } = reference
  const measured = extendingEvents(log, pcr)
  for (let i = 0; i < Math.max(expected.length, measured.length); i++) {
    const want = expected[i]
    const have = measured[i]
    const found = have?.digest(image.bank)
    if (want !== undefined && found !== undefined && toHex(found) === want.digest) continue
    return {
      pcr,
      event: have?.index,
      expected: want?.description,
      measured: have === undefined ? undefined : have.describe(),
    }
  }
  // Same events and another value: the log is not that of the values.
  return { pcr, event: undefined, expected: undefined, measured: undefined }
}

/** A difference as one clause of a sentence. */
export function describeDifference({ pcr, event, expected, measured }: ImageDifference): string {
  if (expected === undefined && measured === undefined) {
    return `the event log does not explain the value of PCR ${pcr}`
  }
  if (measured === undefined) return `PCR ${pcr} lacks ${expected}`
  const place = `PCR ${pcr}, event ${event}`
  if (expected === undefined) return `${place}: ${measured} is one too many`
  return expected === measured
    ? `${place}: ${measured} has another digest`
    : `${place}: expected ${expected}, measured ${measured}`
}
