import { type Codec, type Infer, rest, struct, u64le } from '../../codec/index.js'
import type { DevicePath } from './device-path/device-path.js'
import { sizedDevicePaths } from './device-path/sized-paths.js'
import { decoderOf, type EventDecoder, trailingOf } from './reading.js'

/**
 * An application or driver that was loaded. The digest is the Authenticode digest of the image, so
 * nothing of this is proved, not even where it came from. PC Client Platform Firmware Profile, section 10.2.2.
 */
export interface ImageLoad {
  readonly kind: 'image-load'
  /** Physical address at which it was loaded. */
  readonly location: bigint
  /** Of the image in memory, in bytes. */
  readonly length: bigint
  readonly linkTimeAddress: bigint
  /** Where it came from; none when the firmware does not say. */
  readonly devicePaths: readonly DevicePath[]
  /** Bytes behind the structure, as some boot loaders log them; undefined when there are none. */
  readonly trailing: Uint8Array | undefined
}

const imageLoadDef = struct('UEFI_IMAGE_LOAD_EVENT', {
  location: u64le,
  length: u64le,
  linkTimeAddress: u64le,
  devicePaths: sizedDevicePaths,
  trailing: rest,
})

/** UEFI_IMAGE_LOAD_EVENT, with what stands behind it. PC Client Platform Firmware Profile, section 10.2.2. */
export interface UefiImageLoadEvent extends Infer<typeof imageLoadDef> {}
/** Codec of {@link UefiImageLoadEvent}; it takes all bytes up to the end of the enclosing structure. */
export const uefiImageLoadEvent: Codec<UefiImageLoadEvent> = imageLoadDef

/** EV_EFI_BOOT_SERVICES_APPLICATION, EV_EFI_BOOT_SERVICES_DRIVER, EV_EFI_RUNTIME_SERVICES_DRIVER. */
export const imageLoad: EventDecoder<ImageLoad> = decoderOf(uefiImageLoadEvent, (value) => ({
  data: { kind: 'image-load', ...value, trailing: trailingOf(value.trailing) },
  measured: 'the image (Authenticode)',
}))
