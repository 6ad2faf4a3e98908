import { type Codec, sized, struct, u8, u64le } from '../../codec/index.js'
import { decoderOf, type EventDecoder, type RawBytes } from './reading.js'
import { findText, untilNul, utf8Text } from './text.js'
import { type TextEvent, textOrBytes } from './text-event.js'

/**
 * Firmware in memory: where it was when it was measured. The digest is of the firmware, so nothing of this is proved.
 * PC Client Platform Firmware Profile, sections 10.2.3 and 10.2.4.
 */
export interface FirmwareBlob {
  readonly kind: 'firmware-blob'
  /** Only in newer events. */
  readonly description: string | undefined
  /** Physical address. */
  readonly base: bigint
  /** In bytes. */
  readonly length: bigint
}

const blob = struct('UEFI_PLATFORM_FIRMWARE_BLOB', { base: u64le, length: u64le })
const blob2 = struct('UEFI_PLATFORM_FIRMWARE_BLOB2', {
  description: sizedText(),
  base: u64le,
  length: u64le,
})
const blobSize = 16
const firmware = 'firmware in memory'

/** A text behind its size in bytes, of one byte. */
export function sizedText(): Codec<string> {
  return sized(u8, utf8Text, 0xff)
}

/** EV_EFI_PLATFORM_FIRMWARE_BLOB. */
export const firmwareBlob: EventDecoder<FirmwareBlob> = decoderOf(blob, ({ base, length }) => ({
  data: { kind: 'firmware-blob', description: undefined, base, length },
  measured: firmware,
}))

/** EV_EFI_PLATFORM_FIRMWARE_BLOB2. */
export const firmwareBlob2: EventDecoder<FirmwareBlob> = decoderOf(
  blob2,
  ({ description, base, length }) => ({
    data: { kind: 'firmware-blob', description: untilNul(description), base, length },
    measured: firmware,
  }),
)

/** EV_POST_CODE, EV_S_CRTM_CONTENTS, EV_CPU_MICROCODE: a text that names what was measured, or where that was. */
export const textOrBlob: EventDecoder<FirmwareBlob | TextEvent | RawBytes> = (data) =>
  data.length === blobSize && findText(data) === undefined ? firmwareBlob(data) : textOrBytes(data)

/** EV_POST_CODE2: the same, where it was with a description. */
export const textOrBlob2: EventDecoder<FirmwareBlob | TextEvent | RawBytes> = (data) =>
  data[0] === data.length - 1 - blobSize ? firmwareBlob2(data) : textOrBlob(data)
