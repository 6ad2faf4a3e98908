import { equalBytes, toHex } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { type MeasuredEvent, type MeasurementLog, type Replay, replay } from '../measured-boot/index.js'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '../tpm2/index.js'
import { type BaseImage, baseImageVersion, type ReferencePcr } from './base-image.js'
import { isBlank, whyUnfit } from './pcr-rules.js'
import { readBaseImage } from './read-base-image.js'

/** What {@link captureBaseImage} takes. */
export interface CaptureInput {
  /** 1 to 128 printable characters. */
  name: string
  /** The log of the golden host's boot. */
  log: MeasurementLog
  /** The bank that hosts will be judged on, such as `sha256`. */
  bank: string
  /** The PCRs that hosts will be judged on, with the values that the golden host's TPM quoted. */
  pcrs: ReadonlyMap<number, Uint8Array>
  description?: string
}

/**
 * Makes a base image of what a host measured. The host must be known to be good by other means; the values should come
 * from a quote that was verified.
 *
 * Refused is what could not be trusted or explained later: no PCR at all; PCRs 16 and 23, which software can reset;
 * PCRs into which the log extends nothing or whose value it does not give; blank values.
 * @throws BASE_IMAGE_INVALID with the path of what is wrong; EVENT_LOG_INVALID when the log cannot be replayed
 */
export function captureBaseImage({ name, log, bank, pcrs, description }: CaptureInput): BaseImage {
  if (!isHashAlgorithm(bank)) throw invalid('bank', 'the name of a hash algorithm', bank)
  if (pcrs.size === 0) throw invalid('pcrs', 'at least one PCR', 'none')
  const replayed = replay(log, bank)
  return readBaseImage({
    version: baseImageVersion,
    name,
    ...(description === undefined ? {} : { description }),
    bank,
    pcrs: [...pcrs]
      .sort(([a], [b]) => a - b)
      .map(([pcr, value]) => capturePcr(log, bank, replayed, pcr, value)),
  })
}

function capturePcr(
  log: MeasurementLog,
  bank: HashAlgorithm,
  { values, extended }: Replay,
  pcr: number,
  value: Uint8Array,
): ReferencePcr {
  const path = `pcrs[${pcr}]`
  const unfit = whyUnfit(pcr)
  if (unfit !== undefined) throw invalid(path, unfit, String(pcr))
  const { size } = hashFacts(bank)
  if (value.length !== size) throw invalid(path, `${size} bytes`, `${value.length} bytes`)
  if (isBlank(value)) throw invalid(path, 'a value into which something was extended', toHex(value))
  const replayed = extended.has(pcr) ? values.get(pcr) : undefined
  if (replayed === undefined) throw invalid(path, 'a PCR that the event log explains', 'no event for it')
  if (!equalBytes(replayed, value)) {
    throw invalid(path, `a log that replays to ${toHex(value)}`, `one that replays to ${toHex(replayed)}`)
  }
  return {
    pcr,
    value: toHex(value),
    ...(pcr === 0 && log.startupLocality !== 0 ? { startupLocality: log.startupLocality } : {}),
    events: extendingEvents(log, pcr).map((event) => ({
      digest: toHex(event.digest(bank) ?? new Uint8Array(0)),
      type: event.label,
      description: event.describe(),
    })),
  }
}

/** The events that were extended into a PCR, in order. */
export function extendingEvents(log: MeasurementLog, pcr: number): readonly MeasuredEvent[] {
  return log.events.filter((event) => event.pcr === pcr && event.extends)
}

function invalid(path: string, expected: string, actual: string): TrustholdError {
  return new TrustholdError('BASE_IMAGE_INVALID', { path, expected, actual })
}
