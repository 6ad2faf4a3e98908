import { bytesOf, struct, u8 } from '../../codec/index.js'
import { type HCrtmComponent, hCrtmComponent } from './h-crtm.js'
import { type NvIndexDynamic, type NvIndexInstance, nvIndexDynamic, nvIndexInstance } from './nv-index.js'
import { decoderOf, type EventDecoder, onlyInforms, type RawBytes, rawDecoder } from './reading.js'
import {
  type ReferenceManifest,
  referenceManifest1,
  referenceManifest2,
  referenceManifest3,
} from './reference-manifest.js'
import { newestSpecId, olderSpecId, type SpecIdEvent } from './spec-id.js'

/** The locality from which the TPM was started: the last byte of PCR 0's first value. */
export interface StartupLocality {
  readonly kind: 'startup-locality'
  /** 0, 3, or 4 when the firmware was measured before; anything else is wrong. */
  readonly locality: number
}

/** What an event without action can be. */
export type NoActionEvent =
  | SpecIdEvent
  | StartupLocality
  | ReferenceManifest
  | HCrtmComponent
  | NvIndexInstance
  | NvIndexDynamic
  | RawBytes

const startupLocalityEvent = struct('TCG_EfiStartupLocalityEvent', { signature: bytesOf(16), locality: u8 })
const startupLocality: EventDecoder<StartupLocality> = decoderOf(startupLocalityEvent, ({ locality }) => ({
  data: { kind: 'startup-locality', locality },
  measured: onlyInforms,
}))

const signatureSize = 16

/** Events without action by the signature at their start. PC Client Platform Firmware Profile, section 10.4.5. */
const decoders: ReadonlyMap<string, EventDecoder<NoActionEvent>> = new Map<
  string,
  EventDecoder<NoActionEvent>
>([
  ['Spec ID Event00\0', olderSpecId(0)],
  ['Spec ID Event02\0', olderSpecId(2)],
  ['Spec ID Event03\0', newestSpecId],
  ['StartupLocality\0', startupLocality],
  ['SP800-155 Event\0', referenceManifest1],
  ['SP800-155 Event2', referenceManifest2],
  ['SP800-155 Event3', referenceManifest3],
  ['H-CRTM CompMeas\0', hCrtmComponent],
  ['NvIndexInstance\0', nvIndexInstance],
  ['NvIndexDynamic \0', nvIndexDynamic],
])

/** EV_NO_ACTION: it informs, and nothing of it is measured into a PCR. */
export const noAction: EventDecoder<NoActionEvent> = (data) => {
  const signature = String.fromCharCode(...data.subarray(0, signatureSize))
  return (decoders.get(signature) ?? rawDecoder)(data)
}
