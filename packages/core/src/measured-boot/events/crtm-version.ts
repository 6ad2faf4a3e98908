import { decode } from '../../codec/index.js'
import { efiGuid, type Guid } from './guid.js'
import { type EventDecoder, type RawBytes, whole } from './reading.js'
import { type TextEvent, textOrBytes } from './text-event.js'

/** A version of the firmware's root of trust that is a GUID. */
export interface CrtmGuid {
  readonly kind: 'crtm-guid'
  readonly guid: Guid
}

const guidSize = 16

/**
 * EV_S_CRTM_VERSION: a text, a GUID or, as firmware likes, anything else; measured as a whole.
 * PC Client Platform Firmware Profile, section 10.4.1.
 */
export const crtmVersion: EventDecoder<CrtmGuid | TextEvent | RawBytes> = (data) => {
  const text = textOrBytes(data)
  if (text.data.kind === 'text' || data.length !== guidSize) return text
  return { data: { kind: 'crtm-guid', guid: decode(efiGuid, data) }, measured: whole(data) }
}
