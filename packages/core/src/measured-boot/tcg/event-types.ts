/**
 * Event types by number. TCG PC Client Platform Firmware Profile, section 10.4.1. The names serve people and the
 * reading of data: a type is not measured, so nothing may be trusted because of it.
 */
const names = {
  0: 'EV_PREBOOT_CERT',
  1: 'EV_POST_CODE',
  2: 'EV_UNUSED',
  3: 'EV_NO_ACTION',
  4: 'EV_SEPARATOR',
  5: 'EV_ACTION',
  6: 'EV_EVENT_TAG',
  7: 'EV_S_CRTM_CONTENTS',
  8: 'EV_S_CRTM_VERSION',
  9: 'EV_CPU_MICROCODE',
  10: 'EV_PLATFORM_CONFIG_FLAGS',
  11: 'EV_TABLE_OF_DEVICES',
  12: 'EV_COMPACT_HASH',
  13: 'EV_IPL',
  14: 'EV_IPL_PARTITION_DATA',
  15: 'EV_NONHOST_CODE',
  16: 'EV_NONHOST_CONFIG',
  17: 'EV_NONHOST_INFO',
  18: 'EV_OMIT_BOOT_DEVICE_EVENTS',
  19: 'EV_POST_CODE2',
  2147483649: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  2147483650: 'EV_EFI_VARIABLE_BOOT',
  2147483651: 'EV_EFI_BOOT_SERVICES_APPLICATION',
  2147483652: 'EV_EFI_BOOT_SERVICES_DRIVER',
  2147483653: 'EV_EFI_RUNTIME_SERVICES_DRIVER',
  2147483654: 'EV_EFI_GPT_EVENT',
  2147483655: 'EV_EFI_ACTION',
  2147483656: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
  2147483657: 'EV_EFI_HANDOFF_TABLES',
  2147483658: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
  2147483659: 'EV_EFI_HANDOFF_TABLES2',
  2147483660: 'EV_EFI_VARIABLE_BOOT2',
  2147483661: 'EV_EFI_GPT_EVENT2',
  2147483664: 'EV_EFI_HCRTM_EVENT',
  2147483872: 'EV_EFI_VARIABLE_AUTHORITY',
  2147483873: 'EV_EFI_SPDM_FIRMWARE_BLOB',
  2147483874: 'EV_EFI_SPDM_FIRMWARE_CONFIG',
  2147483875: 'EV_EFI_SPDM_DEVICE_POLICY',
  2147483876: 'EV_EFI_SPDM_DEVICE_AUTHORITY',
} as const

/** Name of an event type of the TCG. */
export type EventTypeName = (typeof names)[keyof typeof names]

const byNumber: Readonly<Record<number, EventTypeName>> = names

/** Number of each event type. */
export const eventTypes = Object.fromEntries(
  Object.entries(names).map(([number, name]) => [name, Number(number)]),
) as Readonly<Record<EventTypeName, number>>

/** Name of an event type; undefined for one that the TCG does not name. */
export function eventTypeName(type: number): EventTypeName | undefined {
  return byNumber[type]
}
