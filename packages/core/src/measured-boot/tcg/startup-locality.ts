import { eventTypes } from './event-types.js'
import { invalidEvent } from './failures.js'
import { type EventRecords, layoutOf, sizeField } from './records.js'

/** Signature of the event that names the locality of TPM2_Startup; one byte, the locality, follows. */
const signature = 'StartupLocality\0'
/** 0: no locality, 3: another one, 4: the firmware was measured before the TPM was started (H-CRTM). */
const localities: readonly number[] = [0, 3, 4]
const { EV_NO_ACTION } = eventTypes

/**
 * The locality of TPM2_Startup that a log states, 0 when it states none: the last byte of PCR 0's first value.
 * PC Client Platform Firmware Profile, sections 10.4.5.3 and 10.5.
 * @throws EVENT_LOG_INVALID when it states it twice, after PCR 0 was extended, or with another value
 */
export function startupLocalityOf(records: EventRecords): number {
  const { view, offsets } = records
  let locality: number | undefined
  let extended = false
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i] as number
    if (view.getUint32(offset, true) !== 0) continue
    if (view.getUint32(offset + 4, true) !== EV_NO_ACTION) {
      extended = true
      continue
    }
    const stated = statedLocality(records, i)
    if (stated === undefined) continue
    if (locality !== undefined || extended) {
      throw invalid(records, i, 'one StartupLocality, before PCR 0 is extended', 'another')
    }
    locality = stated
  }
  return locality ?? 0
}

function statedLocality(records: EventRecords, index: number): number | undefined {
  const { bytes, view, offsets } = records
  const sizeAt = (offsets[index] as number) + layoutOf(records, index).size
  const size = view.getUint32(sizeAt, true)
  const start = sizeAt + sizeField
  if (size < signature.length) return undefined
  for (let i = 0; i < signature.length; i++) {
    if (bytes[start + i] !== signature.charCodeAt(i)) return undefined
  }
  const locality = size === signature.length ? undefined : bytes[start + signature.length]
  if (size !== signature.length + 1 || locality === undefined || !localities.includes(locality)) {
    const actual = `${size - signature.length} bytes: ${locality ?? 'none'}`
    throw invalid(records, index, `one byte, a locality of ${localities.join(', ')}`, actual)
  }
  return locality
}

function invalid({ offsets }: EventRecords, index: number, expected: string, actual: string): Error {
  return invalidEvent(index, offsets[index] as number, 'event', expected, actual)
}
