import { bytesOf, enumOf, rest, sized, struct, u8, u16le } from '../../codec/index.js'
import { sizedText } from './firmware-blob.js'
import { decoderOf, type EventDecoder, type RawBytes } from './reading.js'
import { type TextEvent, textOrBytes } from './text-event.js'

/** A part of the hardware root of trust, as it tells that it measured it before the TPM was started. */
export interface HCrtmComponent {
  readonly kind: 'h-crtm-component'
  readonly description: string
  /** `digest`: of the component, as TPMT_HA; `raw`: the component itself. */
  readonly format: 'digest' | 'raw'
  readonly measurement: Uint8Array
}

const component = struct('TCG_HCRTMComponentEvent', {
  signature: bytesOf(16),
  description: sizedText(),
  format: enumOf('MeasurementFormatType', u8, { digest: 0, raw: 0x80 }),
  measurement: sized(u16le, rest, 0xffff),
})

/** TCG_HCRTMComponentEvent, an event without action. PC Client Platform Firmware Profile, section 10.4.5.2. */
export const hCrtmComponent: EventDecoder<HCrtmComponent> = decoderOf(
  component,
  ({ signature, ...value }) => ({
    data: { kind: 'h-crtm-component', ...value },
    measured: 'a component of the hardware root of trust',
  }),
)

/** EV_EFI_HCRTM_EVENT: the word `HCRTM`; the digest is of what the hardware measured. */
export const hCrtmEvent: EventDecoder<TextEvent | RawBytes> = (data) => ({
  data: textOrBytes(data).data,
  measured: 'what the hardware measured',
})
