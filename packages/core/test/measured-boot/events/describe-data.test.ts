import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, utf8 } from '../../../src/bytes/index.js'
import { describeEvent, type EventTypeName } from '../../../src/measured-boot/index.js'
import { eventOf } from './decoding.js'
import { covered, describing, informing } from './families.js'

const utf16 = (text: string) => Buffer.from(text, 'utf16le').toString('hex')
const globalHex = '61dfe48bca93d211aa0d00e098032b8c'
const databaseHex = 'cbb219d73a3d9645a3bcdad00e67656f'
const ownerHex = 'bd9afa775903324dbd6028f4e78f784b'
const le64 = (value: number) => value.toString(16).padStart(2, '0').padEnd(16, '0')
const variable = (vendor: string, name: string, hex: string) =>
  fromHex(vendor + le64(name.length) + le64(hex.length / 2) + utf16(name) + hex)
const list = `2616c4c14c509240aca941f9369343284c0000000000000030000000${ownerHex}${'ab'.repeat(32)}`
const optionHex = (description: string) => `010000000a00${utf16(`${description}\0`)}01010600021f7fff0400`

describe('an event is described', () => {
  test.each<[EventTypeName, Uint8Array, string]>([
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', variable(databaseHex, 'db', list), "'db' (1 signature)"],
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', variable(databaseHex, 'dbx', ''), "'dbx' (0 signatures)"],
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', variable(databaseHex, 'db', `${list}00`), "'db' (77 bytes)"],
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', variable(globalHex, 'SecureBoot', '01'), "'SecureBoot' = 01"],
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', variable(globalHex, 'SetupMode', '00'), "'SetupMode' = 00"],
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', variable(globalHex, 'SecureBoot', ''), "'SecureBoot' (empty)"],
    ['EV_EFI_VARIABLE_BOOT', variable(globalHex, 'BootOrder', '02000a00'), "'BootOrder' = 0002, 000A"],
    ['EV_EFI_VARIABLE_BOOT', variable(globalHex, 'BootNext', '0200'), "'BootNext' = 0002"],
    [
      'EV_EFI_VARIABLE_BOOT',
      variable(globalHex, 'BootOrder', '0000'.repeat(20)),
      `'BootOrder' = ${'0000, '.repeat(16)}…`,
    ],
    [
      'EV_EFI_VARIABLE_BOOT',
      variable(globalHex, 'Boot0001', optionHex('Linux')),
      "'Boot0001' = 'Linux' 'Pci(0x1f,0x2)'",
    ],
    [
      'EV_EFI_VARIABLE_BOOT',
      variable(globalHex, 'Boot0001', optionHex("x\n'y\u001b[31m")),
      "'Boot0001' = 'x 'y [31m' 'Pci(0x1f,0x2)'",
    ],
    [
      'EV_EFI_VARIABLE_AUTHORITY',
      variable(databaseHex, 'db', `${ownerHex}${'ab'.repeat(32)}`),
      "'db' (a signature of 32 bytes)",
    ],
    [
      'EV_EFI_VARIABLE_AUTHORITY',
      variable(databaseHex, 'Shim', '30820001ff'),
      "'Shim' (a certificate of 5 bytes)",
    ],
    ['EV_EVENT_TAG', concatBytes(fromHex('ec223b8f05000000'), utf8('Linux')), "(0x8f3b22ec) 'Linux'"],
    ['EV_EVENT_TAG', fromHex('01000000000000000200000000000000'), '(0x1, 0x2)'],
  ])('%s %o as %s', (type, data, text) => {
    expect(describeEvent(eventOf(type, data))).toBe(`${type} ${text}`)
  })

  test('as what it is, in all families', () => {
    const texts = [...informing, ...describing, ...covered].map(([type, hex]) =>
      describeEvent(eventOf(type, fromHex(hex))),
    )
    expect(new Set(texts)).toMatchInlineSnapshot(`
      Set {
        "EV_NO_ACTION (format 3, specification 2.0.105)",
        "EV_NO_ACTION (format 2, specification 1.2.2)",
        "EV_NO_ACTION (format 0, specification 1.21.0)",
        "EV_NO_ACTION (locality 3)",
        "EV_NO_ACTION (manifest 00112233-4455-6677-8899-aabbccddeeff)",
        "EV_NO_ACTION 'Maker Model' (manifest 00112233-4455-6677-8899-aabbccddeeff)",
        "EV_NO_ACTION 'ACM'",
        "EV_NO_ACTION 'SPDM'",
        "EV_NO_ACTION (NV index, version 1)",
        "EV_NO_ACTION 'Another event'",
        "EV_NO_ACTION (empty)",
        "EV_EFI_PLATFORM_FIRMWARE_BLOB (14680064 bytes at 0x820000)",
        "EV_EFI_PLATFORM_FIRMWARE_BLOB2 'Fv' (3584 bytes at 0x820000)",
        "EV_POST_CODE (3473408 bytes at 0xffa90000)",
        "EV_POST_CODE2 'BIS CODE' (3584 bytes at 0x820000)",
        "EV_EFI_HANDOFF_TABLES (SMBIOS_TABLE_GUID)",
        "EV_EFI_HANDOFF_TABLES2 'Tables' (00112233-4455-6677-8899-aabbccddeeff)",
        "EV_EFI_BOOT_SERVICES_APPLICATION 'Pci(0x1f,0x2)'",
        "EV_EFI_RUNTIME_SERVICES_DRIVER (0 bytes)",
        "EV_EFI_HCRTM_EVENT 'HCRTM'",
        "EV_SEPARATOR = 00000000",
        "EV_SEPARATOR = ffffffff",
        "EV_SEPARATOR = 01000000",
        "EV_SEPARATOR = 5742434c",
        "EV_SEPARATOR = 0000000000",
        "EV_EFI_ACTION 'Exit Boot Services Invocation'",
        "EV_EFI_ACTION 'DMA Protection Disabled'",
        "EV_EFI_ACTION 'UEFI Debug Mode'",
        "EV_ACTION 'Calling INT 19h'",
        "EV_ACTION 'calling INT 19h'",
        "EV_ACTION = 80",
        "EV_OMIT_BOOT_DEVICE_EVENTS 'BOOT ATTEMPTS OMITTED'",
        "EV_S_CRTM_VERSION '2.3.5'",
        "EV_S_CRTM_VERSION (00112233-4455-6677-8899-aabbccddeeff)",
        "EV_S_CRTM_VERSION = 0000",
        "EV_S_CRTM_CONTENTS 'Boot Guard'",
        "EV_POST_CODE 'ACPI DATA'",
        "EV_POST_CODE2 'SMM CODE'",
        "EV_CPU_MICROCODE 'microcode'",
        "EV_PLATFORM_CONFIG_FLAGS = 0100",
        "EV_TABLE_OF_DEVICES = 0102",
        "EV_COMPACT_HASH = 10000000",
        "EV_NONHOST_CODE 'BMC'",
        "EV_NONHOST_CONFIG 'BMC'",
        "EV_NONHOST_INFO = 610062",
        "EV_PREBOOT_CERT '0'",
        "EV_IPL_PARTITION_DATA = 55aa",
        "EV_UNUSED = 00",
        "EV_IPL 'MokList'",
        "EV_IPL 'Kernel'",
        "EV_IPL 'quiet '",
        "EV_IPL = 1b5b33316d",
        "EV_EFI_VARIABLE_DRIVER_CONFIG 'SecureBoot' = 01",
        "EV_EFI_VARIABLE_BOOT 'SecureBoot' = 01",
        "EV_EFI_VARIABLE_BOOT2 'SecureBoot' = 01",
        "EV_EFI_SPDM_DEVICE_POLICY 'SecureBoot' = 01",
        "EV_EFI_VARIABLE_AUTHORITY 'x' (a signature of 2 bytes)",
        "EV_EFI_SPDM_DEVICE_AUTHORITY 'x' (empty)",
        "EV_EVENT_TAG (0x8f3b22ec) 'Linux initrd'",
        "EV_EVENT_TAG (0x40010001)",
        "EV_EVENT_TAG 'LOADED_IMAGE::LoadOptions'",
        "EV_EFI_SPDM_FIRMWARE_BLOB 'Pci(0x1f,0x2)' (measurements)",
        "EV_EFI_SPDM_FIRMWARE_CONFIG (measurements)",
        "EV_EFI_SPDM_FIRMWARE_BLOB (certificates)",
        "EV_EFI_SPDM_FIRMWARE_BLOB = 00",
        "0x60000001 = 0102",
      }
    `)
  })
})
