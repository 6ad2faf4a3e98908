import { TrustholdError } from '../../errors/index.js'
import type { TcgEvent } from './event-log.js'

/** Signature of the event that names the locality of TPM2_Startup; one byte, the locality, follows. */
const signature = 'StartupLocality\0'
/** 0: no locality, 3: another one, 4: the firmware was measured before the TPM was started (H-CRTM). */
const localities: readonly number[] = [0, 3, 4]

/**
 * The locality of TPM2_Startup that a log states, 0 when it states none: the last byte of PCR 0's first value.
 * PC Client Platform Firmware Profile, sections 10.4.5.3 and 10.5.
 * @throws EVENT_LOG_INVALID when it states it twice, after PCR 0 was extended, or with another value
 */
export function startupLocalityOf(events: readonly TcgEvent[]): number {
  let locality: number | undefined
  let extended = false
  for (let i = 1; i < events.length; i++) {
    const event = events[i] as TcgEvent
    if (event.pcr !== 0) continue
    if (event.extends) {
      extended = true
      continue
    }
    const stated = statedLocality(event)
    if (stated === undefined) continue
    if (locality !== undefined || extended) {
      throw invalid(event, 'one StartupLocality, before PCR 0 is extended', 'another')
    }
    locality = stated
  }
  return locality ?? 0
}

function statedLocality(event: TcgEvent): number | undefined {
  const { data } = event
  if (data.length < signature.length) return undefined
  for (let i = 0; i < signature.length; i++) {
    if (data[i] !== signature.charCodeAt(i)) return undefined
  }
  const locality = data[signature.length]
  if (data.length !== signature.length + 1 || locality === undefined || !localities.includes(locality)) {
    const actual = `${data.length - signature.length} bytes: ${locality ?? 'none'}`
    throw invalid(event, `one byte, a locality of ${localities.join(', ')}`, actual)
  }
  return locality
}

function invalid(event: TcgEvent, expected: string, actual: string): TrustholdError {
  const { index, offset } = event
  return new TrustholdError('EVENT_LOG_INVALID', { event: index, offset, field: 'event', expected, actual })
}
