import type { HashAlgorithm } from '../../tpm2/index.js'
import type { TcgEvent } from '../tcg/event-log.js'
import type { EventTypeName } from '../tcg/event-types.js'
import { type ActionEvent, actionEvent } from './action.js'
import { type Coverage, coverageOf } from './coverage.js'
import { type CrtmGuid, crtmVersion } from './crtm-version.js'
import { type FirmwareBlob, firmwareBlob, firmwareBlob2, textOrBlob, textOrBlob2 } from './firmware-blob.js'
import { type GptEvent, gptEvent } from './gpt.js'
import { hCrtmEvent } from './h-crtm.js'
import { type HandoffTables, handoffTables, handoffTables2 } from './handoff-tables.js'
import { type ImageLoad, imageLoad } from './image-load.js'
import type { Malformed } from './malformed.js'
import { type NoActionEvent, noAction } from './no-action.js'
import { type EventDecoder, type RawBytes, type Reading, rawDecoder, whole } from './reading.js'
import { type SeparatorEvent, separatorEvent } from './separator.js'
import { type DeviceMeasurement, deviceMeasurement } from './spdm/device-measurement.js'
import { type TaggedEvents, taggedEvents } from './tagged-event.js'
import { bootLoaderText, type TextEvent, textOrBytes } from './text-event.js'
import { authorityEvent, type VariableEvent, variableEvent } from './variable-event.js'

/** Data of an event whose type the TCG does not name. */
export interface UnknownData {
  readonly kind: 'unknown'
  readonly bytes: Uint8Array
}

/** What the data of an event says; byte strings in it may be views of the log. */
export type EventData =
  | NoActionEvent
  | SeparatorEvent
  | ActionEvent
  | TextEvent
  | CrtmGuid
  | FirmwareBlob
  | HandoffTables
  | VariableEvent
  | GptEvent
  | ImageLoad
  | TaggedEvents
  | DeviceMeasurement
  | RawBytes
  | UnknownData
  | Malformed

/** What an event says, and how much of that was measured. */
export interface DecodedEvent {
  readonly data: EventData
  readonly coverage: Coverage
}

/** Decoders by type of event. PC Client Platform Firmware Profile, section 10.4.1. */
const decoders: Readonly<Record<EventTypeName, EventDecoder<EventData>>> = {
  EV_PREBOOT_CERT: rawDecoder,
  EV_POST_CODE: textOrBlob,
  EV_UNUSED: rawDecoder,
  EV_NO_ACTION: noAction,
  EV_SEPARATOR: separatorEvent,
  EV_ACTION: actionEvent,
  EV_EVENT_TAG: taggedEvents,
  EV_S_CRTM_CONTENTS: textOrBlob2,
  EV_S_CRTM_VERSION: crtmVersion,
  EV_CPU_MICROCODE: textOrBlob,
  EV_PLATFORM_CONFIG_FLAGS: textOrBytes,
  EV_TABLE_OF_DEVICES: textOrBytes,
  EV_COMPACT_HASH: textOrBytes,
  EV_IPL: bootLoaderText,
  EV_IPL_PARTITION_DATA: rawDecoder,
  EV_NONHOST_CODE: textOrBlob,
  EV_NONHOST_CONFIG: textOrBlob,
  EV_NONHOST_INFO: textOrBytes,
  EV_OMIT_BOOT_DEVICE_EVENTS: actionEvent,
  EV_POST_CODE2: textOrBlob2,
  EV_EFI_VARIABLE_DRIVER_CONFIG: variableEvent,
  EV_EFI_VARIABLE_BOOT: variableEvent,
  EV_EFI_BOOT_SERVICES_APPLICATION: imageLoad,
  EV_EFI_BOOT_SERVICES_DRIVER: imageLoad,
  EV_EFI_RUNTIME_SERVICES_DRIVER: imageLoad,
  EV_EFI_GPT_EVENT: gptEvent,
  EV_EFI_ACTION: actionEvent,
  EV_EFI_PLATFORM_FIRMWARE_BLOB: firmwareBlob,
  EV_EFI_HANDOFF_TABLES: handoffTables,
  EV_EFI_PLATFORM_FIRMWARE_BLOB2: firmwareBlob2,
  EV_EFI_HANDOFF_TABLES2: handoffTables2,
  EV_EFI_VARIABLE_BOOT2: variableEvent,
  EV_EFI_GPT_EVENT2: gptEvent,
  EV_EFI_HCRTM_EVENT: hCrtmEvent,
  EV_EFI_VARIABLE_AUTHORITY: authorityEvent,
  EV_EFI_SPDM_FIRMWARE_BLOB: deviceMeasurement,
  EV_EFI_SPDM_FIRMWARE_CONFIG: deviceMeasurement,
  EV_EFI_SPDM_DEVICE_POLICY: variableEvent,
  EV_EFI_SPDM_DEVICE_AUTHORITY: authorityEvent,
}

const unknownDecoder: EventDecoder<UnknownData> = (bytes) => ({
  data: { kind: 'unknown', bytes },
  measured: whole(bytes),
})

/**
 * Decodes an event's data and tells how much of it the event's digests cover. It never throws for what the event is.
 *
 * The type of an event is a label that is not measured. It only picks how the data is read; whether bytes count as
 * measured is decided by comparing them with the digests. So a wrong label can show measured bytes as something that
 * they were not meant as, and can never make bytes measured that are not. Whoever decides by an event must also know
 * that nobody else could have put it there: see {@link bootFacts}.
 * @param banks those whose digests must agree, such as all of the log; none means that nothing is covered
 */
export function decodeEvent(event: TcgEvent, banks: readonly HashAlgorithm[]): DecodedEvent {
  const { data, measured } = readEventData(event)
  return { data, coverage: coverageOf(event, measured, banks) }
}

/** What the data of an event says, without asking whether it was measured: good for showing only. */
export function readEventData({ typeName, data }: Pick<TcgEvent, 'typeName' | 'data'>): Reading<EventData> {
  return (typeName === undefined ? unknownDecoder : decoders[typeName])(data)
}
