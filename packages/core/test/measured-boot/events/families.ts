import { fromHex, utf8 } from '../../../src/bytes/index.js'
import type { EventData, EventTypeName } from '../../../src/measured-boot/index.js'

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex')
const utf16 = (text: string) => Buffer.from(text, 'utf16le').toString('hex')
const guidHex = '33221100554477668899aabbccddeeff'
const guid = '00112233-4455-6677-8899-aabbccddeeff'
const sized = (text: string) => (text.length + 1).toString(16).padStart(2, '0') + ascii(`${text}\0`)
const pathHex = '01010600021f7fff0400'
const path = { text: 'Pci(0x1f,0x2)', nodes: [{ type: 1, subType: 1, data: fromHex('021f') }] }
const none = undefined
const globalHex = '61dfe48bca93d211aa0d00e098032b8c'
/** The variable SecureBoot, on. */
export const secureBoot = `${globalHex}0a000000000000000100000000000000${utf16('SecureBoot')}01`
const variable = {
  kind: 'uefi-variable',
  vendor: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  vendorName: 'EFI_GLOBAL_VARIABLE',
  name: 'SecureBoot',
  value: { kind: 'boolean', value: true },
  trailing: none,
} as const
/** The signature of a header. */
export const specId = ascii('Spec ID Event03\0')
const manifest = `${ascii('SP800-155 Event3')}792b0000${guidHex}${sized('Maker')}${sized('Model')}${sized('1')}${sized('Firm')}792b0000${sized('2.7')}`
const platform = {
  manufacturer: 'Maker',
  model: 'Model',
  version: '1',
  firmwareManufacturer: 'Firm',
  firmwareManufacturerId: 11129,
  firmwareVersion: '2.7',
}
const block = '010108000105000102030405'
const pciContext = '00001000868012340100000201868043'

/** A type of event, its data and what that says. */
export type Row = readonly [type: EventTypeName | number, data: string, said: EventData]

/** Events that only inform. */
export const informing: readonly Row[] = [
  [
    'EV_NO_ACTION',
    `${specId}000000000002690202000000040014000b00200002beef`,
    {
      kind: 'spec-id',
      format: 3,
      platformClass: 0,
      specVersion: { major: 2, minor: 0, errata: 0x69 },
      uintnSize: 2,
      algorithms: [
        { id: 4, digestSize: 20 },
        { id: 0xb, digestSize: 32 },
      ],
      vendorInfo: fromHex('beef'),
    },
  ],
  [
    'EV_NO_ACTION',
    `${ascii('Spec ID Event02\0')}010000000201020100`,
    {
      kind: 'spec-id',
      format: 2,
      platformClass: 1,
      specVersion: { major: 1, minor: 2, errata: 2 },
      uintnSize: 1,
      algorithms: [],
      vendorInfo: new Uint8Array(0),
    },
  ],
  [
    'EV_NO_ACTION',
    `${ascii('Spec ID Event00\0')}0000000015010000017f`,
    {
      kind: 'spec-id',
      format: 0,
      platformClass: 0,
      specVersion: { major: 1, minor: 0x15, errata: 0 },
      uintnSize: 0,
      algorithms: [],
      vendorInfo: fromHex('7f'),
    },
  ],
  ['EV_NO_ACTION', `${ascii('StartupLocality\0')}03`, { kind: 'startup-locality', locality: 3 }],
  [
    'EV_NO_ACTION',
    `${ascii('SP800-155 Event\0')}792b0000${guidHex}`,
    {
      kind: 'reference-manifest',
      version: 1,
      vendorId: 11129,
      referenceManifest: guid,
      platform: none,
      manifestLocator: none,
      platformCertificateLocator: none,
      trailing: none,
    },
  ],
  [
    'EV_NO_ACTION',
    manifest.replace(ascii('Event3'), ascii('Event2')),
    {
      kind: 'reference-manifest',
      version: 2,
      vendorId: 11129,
      referenceManifest: guid,
      platform,
      manifestLocator: none,
      platformCertificateLocator: none,
      trailing: none,
    },
  ],
  [
    'EV_NO_ACTION',
    `${manifest}0100000003000000${ascii('a:b')}0000000001000000990000`,
    {
      kind: 'reference-manifest',
      version: 3,
      vendorId: 11129,
      referenceManifest: guid,
      platform,
      manifestLocator: { type: 1, locator: utf8('a:b') },
      platformCertificateLocator: { type: 0, locator: fromHex('99') },
      trailing: fromHex('0000'),
    },
  ],
  [
    'EV_NO_ACTION',
    `${ascii('H-CRTM CompMeas\0')}03${ascii('ACM')}002200000b${'ab'.repeat(32)}`,
    {
      kind: 'h-crtm-component',
      description: 'ACM',
      format: 'digest',
      measurement: fromHex(`000b${'ab'.repeat(32)}`),
    },
  ],
  [
    'EV_NO_ACTION',
    `${ascii('H-CRTM CompMeas\0')}03${ascii('ACM')}800100ab`,
    { kind: 'h-crtm-component', description: 'ACM', format: 'raw', measurement: fromHex('ab') },
  ],
  [
    'EV_NO_ACTION',
    `${ascii('NvIndexDynamic \0')}010000000000000005000000000000000500${ascii('SPDM\0')}0200abcd`,
    { kind: 'nv-index-dynamic', version: 1, uid: 5n, description: 'SPDM', value: fromHex('abcd') },
  ],
  [
    'EV_NO_ACTION',
    `${ascii('NvIndexInstance\0')}01000000000000007f`,
    {
      kind: 'nv-index-instance',
      version: 1,
      measurement: { kind: 'bytes', bytes: fromHex('7f') },
    },
  ],
  ['EV_NO_ACTION', ascii('Another event'), { kind: 'bytes', bytes: utf8('Another event') }],
  ['EV_NO_ACTION', '', { kind: 'bytes', bytes: new Uint8Array(0) }],
]

/** Events whose digest is of something that the data describes. */
export const describing: readonly Row[] = [
  [
    'EV_EFI_PLATFORM_FIRMWARE_BLOB',
    '00008200000000000000e00000000000',
    { kind: 'firmware-blob', description: none, base: 0x820000n, length: 0xe00000n },
  ],
  [
    'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
    `${sized('Fv')}0000820000000000000e000000000000`,
    { kind: 'firmware-blob', description: 'Fv', base: 0x820000n, length: 0xe00n },
  ],
  [
    'EV_POST_CODE',
    '0000a9ff000000000000350000000000',
    { kind: 'firmware-blob', description: none, base: 0xffa90000n, length: 0x350000n },
  ],
  [
    'EV_POST_CODE2',
    `${sized('BIS CODE')}0000820000000000000e000000000000`,
    { kind: 'firmware-blob', description: 'BIS CODE', base: 0x820000n, length: 0xe00n },
  ],
  [
    'EV_EFI_HANDOFF_TABLES',
    `0100000000000000312d9deb882dd3119a160090273fc14d0000c0d700000000`,
    {
      kind: 'handoff-tables',
      description: none,
      tables: [
        { guid: 'eb9d2d31-2d88-11d3-9a16-0090273fc14d', name: 'SMBIOS_TABLE_GUID', address: 0xd7c00000n },
      ],
    },
  ],
  [
    'EV_EFI_HANDOFF_TABLES2',
    `${sized('Tables')}0100000000000000${guidHex}0100000000000000`,
    { kind: 'handoff-tables', description: 'Tables', tables: [{ guid, name: none, address: 1n }] },
  ],
  [
    'EV_EFI_BOOT_SERVICES_APPLICATION',
    `18b01ebd00000000c8071d000000000000000000000000000a00000000000000${pathHex}`,
    {
      kind: 'image-load',
      location: 0xbd1eb018n,
      length: 0x1d07c8n,
      linkTimeAddress: 0n,
      devicePaths: [path],
      trailing: none,
    },
  ],
  [
    'EV_EFI_RUNTIME_SERVICES_DRIVER',
    `${'00'.repeat(32)}0102`,
    {
      kind: 'image-load',
      location: 0n,
      length: 0n,
      linkTimeAddress: 0n,
      devicePaths: [],
      trailing: fromHex('0102'),
    },
  ],
  ['EV_EFI_HCRTM_EVENT', ascii('HCRTM'), { kind: 'text', text: 'HCRTM', trailing: none }],
]

/** Events whose digest is of their data. */
export const covered: readonly Row[] = [
  ['EV_SEPARATOR', '00000000', { kind: 'separator', meaning: 'normal', bytes: fromHex('00000000') }],
  ['EV_SEPARATOR', 'ffffffff', { kind: 'separator', meaning: 'normal', bytes: fromHex('ffffffff') }],
  ['EV_SEPARATOR', '01000000', { kind: 'separator', meaning: 'error', bytes: fromHex('01000000') }],
  ['EV_SEPARATOR', ascii('WBCL'), { kind: 'separator', meaning: 'windows', bytes: utf8('WBCL') }],
  ['EV_SEPARATOR', '0000000000', { kind: 'separator', meaning: 'other', bytes: new Uint8Array(5) }],
  [
    'EV_EFI_ACTION',
    ascii('Exit Boot Services Invocation'),
    { kind: 'action', text: 'Exit Boot Services Invocation', action: 'exit-boot-services-invoked' },
  ],
  [
    'EV_EFI_ACTION',
    ascii('DMA Protection Disabled\0'),
    { kind: 'action', text: 'DMA Protection Disabled', action: 'dma-protection-disabled' },
  ],
  [
    'EV_EFI_ACTION',
    ascii('UEFI Debug Mode'),
    { kind: 'action', text: 'UEFI Debug Mode', action: 'uefi-debug-mode' },
  ],
  [
    'EV_ACTION',
    ascii('Calling INT 19h'),
    { kind: 'action', text: 'Calling INT 19h', action: 'int-19h-called' },
  ],
  ['EV_ACTION', ascii('calling INT 19h'), { kind: 'action', text: 'calling INT 19h', action: none }],
  ['EV_ACTION', '80', { kind: 'bytes', bytes: fromHex('80') }],
  [
    'EV_OMIT_BOOT_DEVICE_EVENTS',
    ascii('BOOT ATTEMPTS OMITTED'),
    { kind: 'action', text: 'BOOT ATTEMPTS OMITTED', action: 'boot-attempts-omitted' },
  ],
  ['EV_S_CRTM_VERSION', utf16('2.3.5\0'), { kind: 'text', text: '2.3.5', trailing: none }],
  ['EV_S_CRTM_VERSION', guidHex, { kind: 'crtm-guid', guid }],
  ['EV_S_CRTM_VERSION', '0000', { kind: 'bytes', bytes: fromHex('0000') }],
  ['EV_S_CRTM_CONTENTS', ascii('Boot Guard\0'), { kind: 'text', text: 'Boot Guard', trailing: none }],
  ['EV_POST_CODE', ascii('ACPI DATA'), { kind: 'text', text: 'ACPI DATA', trailing: none }],
  ['EV_POST_CODE2', ascii('SMM CODE'), { kind: 'text', text: 'SMM CODE', trailing: none }],
  ['EV_CPU_MICROCODE', ascii('microcode\0'), { kind: 'text', text: 'microcode', trailing: none }],
  ['EV_PLATFORM_CONFIG_FLAGS', '0100', { kind: 'bytes', bytes: fromHex('0100') }],
  ['EV_TABLE_OF_DEVICES', '0102', { kind: 'bytes', bytes: fromHex('0102') }],
  ['EV_COMPACT_HASH', '10000000', { kind: 'bytes', bytes: fromHex('10000000') }],
  ['EV_NONHOST_CODE', ascii('BMC'), { kind: 'text', text: 'BMC', trailing: none }],
  ['EV_NONHOST_CONFIG', ascii('BMC'), { kind: 'text', text: 'BMC', trailing: none }],
  ['EV_NONHOST_INFO', ascii('a\0b'), { kind: 'bytes', bytes: utf8('a\0b') }],
  ['EV_PREBOOT_CERT', '3000', { kind: 'bytes', bytes: fromHex('3000') }],
  ['EV_IPL_PARTITION_DATA', '55aa', { kind: 'bytes', bytes: fromHex('55aa') }],
  ['EV_UNUSED', '00', { kind: 'bytes', bytes: fromHex('00') }],
  ['EV_IPL', ascii('MokList\0'), { kind: 'text', text: 'MokList', trailing: none }],
  ['EV_IPL', ascii('Kernel\0l'), { kind: 'text', text: 'Kernel', trailing: fromHex('006c') }],
  ['EV_IPL', `${utf16('quiet ')}00`, { kind: 'text', text: 'quiet ', trailing: none }],
  ['EV_IPL', ascii('\x1b[31m'), { kind: 'bytes', bytes: utf8('\x1b[31m') }],
  ['EV_EFI_VARIABLE_DRIVER_CONFIG', secureBoot, variable],
  ['EV_EFI_VARIABLE_BOOT', secureBoot, variable],
  ['EV_EFI_VARIABLE_BOOT2', secureBoot, variable],
  ['EV_EFI_SPDM_DEVICE_POLICY', secureBoot, variable],
  ['EV_EFI_VARIABLE_DRIVER_CONFIG', `${secureBoot}0000`, { ...variable, trailing: new Uint8Array(2) }],
  [
    'EV_EFI_VARIABLE_AUTHORITY',
    `${guidHex}01000000000000001200000000000000${utf16('x')}${guidHex}0102`,
    {
      kind: 'uefi-variable',
      vendor: guid,
      vendorName: none,
      name: 'x',
      value: { kind: 'signature', owner: guid, data: fromHex('0102') },
      trailing: none,
    },
  ],
  [
    'EV_EFI_SPDM_DEVICE_AUTHORITY',
    `${guidHex}01000000000000000000000000000000${utf16('x')}`,
    {
      kind: 'uefi-variable',
      vendor: guid,
      vendorName: none,
      name: 'x',
      value: {
        kind: 'malformed',
        reason: 'EFI_SIGNATURE_DATA.owner: needs 4 bytes at offset 0, 0 are available',
        path: 'EFI_SIGNATURE_DATA.owner',
        offset: 0,
        bytes: new Uint8Array(0),
      },
      trailing: none,
    },
  ],
  [
    'EV_EVENT_TAG',
    `ec223b8f0d000000${ascii('Linux initrd\0')}`,
    {
      kind: 'tagged-events',
      tags: [{ id: 0x8f3b22ec, bytes: utf8('Linux initrd\0'), tags: [] }],
    },
  ],
  [
    'EV_EVENT_TAG',
    '01000140120000000200020001000000ff030001400100000000',
    {
      kind: 'tagged-events',
      tags: [
        {
          id: 0x40010001,
          bytes: new Uint8Array(0),
          tags: [
            { id: 0x00020002, bytes: fromHex('ff'), tags: [] },
            // Said to hold others, and does not.
            { id: 0x40010003, bytes: fromHex('00'), tags: [] },
          ],
        },
      ],
    },
  ],
  [
    'EV_EVENT_TAG',
    ascii('LOADED_IMAGE::LoadOptions\0'),
    { kind: 'text', text: 'LOADED_IMAGE::LoadOptions', trailing: none },
  ],
  [
    'EV_EFI_SPDM_FIRMWARE_BLOB',
    `${ascii('SPDM Device Sec\0')}010000000200000001000000${block}0a00000000000000${pathHex}${pciContext}`,
    {
      kind: 'device-measurement',
      version: 1,
      authState: none,
      uid: none,
      devicePaths: [path],
      statement: {
        kind: 'measurements',
        spdmVersion: none,
        hashAlgorithm: 2,
        measurements: [{ index: 1, specification: 1, type: 1, raw: false, value: fromHex('0102030405') }],
      },
      device: {
        kind: 'pci',
        vendorId: 0x8086,
        deviceId: 0x3412,
        revisionId: 1,
        classCode: fromHex('000002'),
        subsystemVendorId: 0x8601,
        subsystemId: 0x4380,
      },
    },
  ],
  [
    'EV_EFI_SPDM_FIRMWARE_CONFIG',
    `${ascii('SPDM Device Sec2')}0200010000000000020000000000000013000000070000000000000000000000000000001100020002000000020101000003020200beef00000600aabb`,
    {
      kind: 'device-measurement',
      version: 2,
      authState: 1,
      uid: 7n,
      devicePaths: [],
      statement: {
        kind: 'measurements',
        spdmVersion: 0x11,
        hashAlgorithm: 2,
        measurements: [
          { index: 2, specification: 1, type: none, raw: none, value: fromHex('00') },
          { index: 3, specification: 2, type: none, raw: none, value: fromHex('beef') },
        ],
      },
      device: { kind: 'usb', descriptors: fromHex('aabb') },
    },
  ],
  [
    'EV_EFI_SPDM_FIRMWARE_BLOB',
    `${ascii('SPDM Device Sec2')}020000000000000009000000010000000a000000000000000000000000000000000000001200030002000000abcd`,
    {
      kind: 'device-measurement',
      version: 2,
      authState: 0,
      uid: 0n,
      devicePaths: [],
      statement: {
        kind: 'certificates',
        spdmVersion: 0x12,
        slot: 3,
        hashAlgorithm: 2,
        chain: fromHex('abcd'),
      },
      device: { kind: 'bytes', bytes: new Uint8Array(0) },
    },
  ],
  ['EV_EFI_SPDM_FIRMWARE_BLOB', '00', { kind: 'bytes', bytes: fromHex('00') }],
  [0x6000_0001, '0102', { kind: 'unknown', bytes: fromHex('0102') }],
]
