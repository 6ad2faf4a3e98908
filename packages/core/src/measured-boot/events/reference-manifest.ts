import { bytesOf, type Infer, rest, sized, struct, u32le } from '../../codec/index.js'
import { sizedText } from './firmware-blob.js'
import { efiGuid, type Guid } from './guid.js'
import { decoderOf, type EventDecoder, onlyInforms, trailingOf } from './reading.js'
import { untilNul } from './text.js'

/** Where a document is. */
export interface Locator {
  /** 0: it is the locator itself, 1: URI, 2: device path, 3: UEFI variable (GUID, then its name in UTF-16). */
  readonly type: number
  readonly locator: Uint8Array
}

/** What the platform is, and with it where its reference values are. Informs only; the first version has only the GUID. */
export interface ReferenceManifest {
  readonly kind: 'reference-manifest'
  readonly version: 1 | 2 | 3
  /** Private enterprise number of the IANA. */
  readonly vendorId: number
  readonly referenceManifest: Guid
  readonly platform:
    | {
        readonly manufacturer: string
        readonly model: string
        readonly version: string
        readonly firmwareManufacturer: string
        readonly firmwareManufacturerId: number
        readonly firmwareVersion: string
      }
    | undefined
  readonly manifestLocator: Locator | undefined
  readonly platformCertificateLocator: Locator | undefined
  /** Bytes behind the structure, to which some firmware pads; undefined when there are none. */
  readonly trailing: Uint8Array | undefined
}

const identity = { signature: bytesOf(16), vendorId: u32le, referenceManifest: efiGuid }
const platform = {
  manufacturer: sizedText(),
  model: sizedText(),
  version: sizedText(),
  firmwareManufacturer: sizedText(),
  firmwareManufacturerId: u32le,
  firmwareVersion: sizedText(),
}
const locator = struct('Locator', { type: u32le, locator: sized(u32le, rest, 1024 * 1024) })
const trailing = rest
const event1 = struct('TCG_Sp800_155_PlatformId_Event', { ...identity, trailing })
const event2 = struct('TCG_Sp800_155_PlatformId_Event2', { ...identity, ...platform, trailing })
const event3 = struct('TCG_Sp800_155_PlatformId_Event3', {
  ...identity,
  ...platform,
  manifestLocator: locator,
  platformCertificateLocator: locator,
  trailing,
})

/** The first version. PC Client Platform Firmware Profile, section 10.4.5.2. */
export const referenceManifest1: EventDecoder<ReferenceManifest> = decoderOf(event1, (value) => ({
  data: manifest(1, value),
  measured: onlyInforms,
}))

/** The second version, with the platform's names. */
export const referenceManifest2: EventDecoder<ReferenceManifest> = decoderOf(event2, (value) => ({
  data: { ...manifest(2, value), platform: platformOf(value) },
  measured: onlyInforms,
}))

/** The third version, which also says where the documents are. */
export const referenceManifest3: EventDecoder<ReferenceManifest> = decoderOf(event3, (value) => ({
  data: {
    ...manifest(3, value),
    platform: platformOf(value),
    manifestLocator: value.manifestLocator,
    platformCertificateLocator: value.platformCertificateLocator,
  },
  measured: onlyInforms,
}))

function manifest(version: 1 | 2 | 3, value: Infer<typeof event1>): ReferenceManifest {
  const { vendorId, referenceManifest } = value
  return {
    kind: 'reference-manifest',
    version,
    vendorId,
    referenceManifest,
    platform: undefined,
    manifestLocator: undefined,
    platformCertificateLocator: undefined,
    trailing: trailingOf(value.trailing),
  }
}

function platformOf(value: Infer<typeof event2>): NonNullable<ReferenceManifest['platform']> {
  return {
    manufacturer: untilNul(value.manufacturer),
    model: untilNul(value.model),
    version: untilNul(value.version),
    firmwareManufacturer: untilNul(value.firmwareManufacturer),
    firmwareManufacturerId: value.firmwareManufacturerId,
    firmwareVersion: untilNul(value.firmwareVersion),
  }
}
