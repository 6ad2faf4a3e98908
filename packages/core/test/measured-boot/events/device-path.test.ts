import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../src/bytes/index.js'
import { decode, encode } from '../../../src/codec/index.js'
import {
  type DevicePathNode,
  devicePathNode,
  devicePathNodeText,
  devicePathText,
  efiDevicePath,
} from '../../../src/measured-boot/index.js'

const guidHex = '33221100554477668899aabbccddeeff'
const guid = '00112233-4455-6677-8899-aabbccddeeff'
const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex')
const utf16 = (text: string) => Buffer.from(text, 'utf16le').toString('hex')
const end = '7fff0400'
const nodeOf = (type: number, subType: number, hex: string): DevicePathNode => ({
  type,
  subType,
  data: fromHex(hex),
})

test('nodes are at most as long as their length can say', () => {
  const node = (length: number) => ({ type: 4, subType: 3, data: new Uint8Array(length) })
  expect(encode(devicePathNode, node(0xffff - 4))).toHaveLength(0xffff)
  expect(() => encode(devicePathNode, node(0xffff - 3))).toThrow('a node of at most 65535 bytes')
})

// Texts follow UEFI 2.10, table 10.67, with every parameter written out.
const vectors: readonly [type: number, subType: number, data: string, text: string][] = [
  [1, 1, '021f', 'Pci(0x1f,0x2)'],
  [1, 2, '2a', 'PcCard(0x2a)'],
  [1, 3, '0b000000', 'HardwarePath(3,0b000000)'],
  [1, 3, '0b00000000100000000000000020000000000000', 'MemoryMapped(0xb,0x1000,0x2000)'],
  [1, 4, guidHex, `VenHw(${guid})`],
  [1, 4, `${guidHex}1234abcd`, `VenHw(${guid},1234abcd)`],
  [1, 5, '92100000', 'Ctrl(0x1092)'],
  [1, 6, '2a4242000000000000', 'BMC(0x2a,0x4242)'],
  [1, 42, '4242', 'HardwarePath(42,4242)'],
  [2, 1, 'd041030a00000000', 'PciRoot(0x0)'],
  [2, 1, 'd041080a02000000', 'PcieRoot(0x2)'],
  [2, 1, 'd041040600000000', 'Floppy(0x0)'],
  [2, 1, 'd041010300000000', 'Keyboard(0x0)'],
  [2, 1, 'd041010501000000', 'Serial(0x1)'],
  [2, 1, 'd041010400000000', 'ParallelPort(0x0)'],
  [2, 1, 'd04103b000000000', 'Acpi(PNPB003,0x0)'],
  [2, 1, '4304010001000000', 'Acpi(ABC0001,0x1)'],
  [2, 1, '0000000001000000', 'Acpi(0,0x1)'],
  [2, 1, 'ffff000001000000', 'Acpi(0xffff,0x1)'],
  [2, 2, `d041020c000000000000000000${ascii('MBR0')}0000`, 'AcpiExp(PNP0C02,0,MBR0)'],
  [
    2,
    2,
    `430401000500000043040200${ascii('H')}00${ascii('U')}00${ascii('C')}00`,
    'AcpiEx(ABC0001,ABC0002,0x5,H,C,U)',
  ],
  [2, 2, '430401000000000000000000000000', 'AcpiEx(ABC0001,0,0x0,,,)'],
  [2, 3, '000100800200000003000000', 'AcpiAdr(0x80000100,0x2,0x3)'],
  [2, 4, '01000000', 'NvdimmAcpiAdr(0x1)'],
  [2, 42, '4242', 'AcpiPath(42,4242)'],
  [3, 1, '00000300', 'Ata(Primary,Master,0x3)'],
  [3, 1, '01010000', 'Ata(Secondary,Slave,0x0)'],
  [3, 2, '2a009210', 'Scsi(0x2a,0x1092)'],
  [3, 3, '000000002a000000000000009210000000000000', 'Fibre(0x2a,0x1092)'],
  [3, 4, '000000009210000000000000', 'I1394(0000000000001092)'],
  [3, 5, '0102', 'USB(0x1,0x2)'],
  [3, 6, '42420000', 'I2O(0x4242)'],
  [
    3,
    9,
    `00000000${guidHex}921000000000000042420000000000002a00000000000000`,
    `Infiniband(0x0,${guid},0x1092,0x4242,0x2a)`,
  ],
  [3, 10, `${guidHex}4242`, `VenMsg(${guid},4242)`],
  [3, 10, '5347c1e0bef9d2119a0c0090273fc14d', 'VenPcAnsi()'],
  [3, 10, '6560a6df19b4d3119a2d0090273fc14d', 'VenVt100()'],
  [3, 10, '0bc7ae7be057764c8e872f9e28088343', 'VenVt100Plus()'],
  [3, 10, 'd6a015adec8bcf4aa073d01de77e2d88', 'VenUtf8()'],
  [3, 10, 'd2e8a4eb5838ec41a2812647ba9660d0', 'DebugPort()'],
  [3, 10, 'd2e8a4eb5838ec41a2812647ba9660d001', 'VenMsg(eba4e8d2-3858-41ec-a281-2647ba9660d0,01)'],
  [3, 10, '9d9a49372f54894ca02635da142094e402000000', 'UartFlowCtrl(XonXoff)'],
  [
    3,
    10,
    'b4dd87d48b00d911afdc001083ffca4d0000000042000000000000002a0000000000000000000100',
    'SAS(0x42,0x2a,0x1,NoTopology,0,0,0,0x0)',
  ],
  [
    3,
    10,
    'b4dd87d48b00d911afdc001083ffca4d0100000042000000000000002a0000000000000052030000',
    'SAS(0x42,0x2a,0x0,SATA,Internal,Expanded,0x4,0x1)',
  ],
  [3, 11, `525400123456${'00'.repeat(26)}01`, 'MAC(525400123456,0x1)'],
  [3, 11, `${'11'.repeat(32)}20`, `MAC(${'11'.repeat(32)},0x20)`],
  [3, 12, '0a0000020a00000100005000110000', 'IPv4(10.0.0.1,UDP,DHCP,10.0.0.2)'],
  [
    3,
    12,
    '0a0000020a000001000050000600010a0000feffffff00',
    'IPv4(10.0.0.1,TCP,Static,10.0.0.2,10.0.0.254,255.255.255.0)',
  ],
  [3, 12, '0a0000020a000001000050000600010a', 'Msg(12,0a0000020a000001000050000600010a)'],
  [
    3,
    13,
    `${'00'.repeat(15)}02fe80${'00'.repeat(13)}0100005000110001`,
    'IPv6(fe80:0000:0000:0000:0000:0000:0000:0001,UDP,StatelessAutoConfigure,0000:0000:0000:0000:0000:0000:0000:0002)',
  ],
  [
    3,
    13,
    `${'00'.repeat(16)}${'00'.repeat(16)}0000000000000040${'00'.repeat(16)}`,
    `IPv6(${'0000:'.repeat(7)}0000,0x0,Static,${'0000:'.repeat(7)}0000,0x40,${'0000:'.repeat(7)}0000)`,
  ],
  [3, 13, `${'00'.repeat(39)}40`, `Msg(13,${'00'.repeat(39)}40)`],
  [3, 14, '0000000000c2010000000000080101', 'Uart(115200,8,N,1)'],
  [3, 14, '000000000000000000000000000003', 'Uart(DEFAULT,DEFAULT,D,2)'],
  [3, 14, '0000000000c2010000000000080709', 'Uart(115200,8,x,x)'],
  [3, 15, 'ffffffff030101', 'UsbHID(0xffff,0xffff,0x1,0x1)'],
  [3, 15, '010002000805ff', 'UsbMassStorage(0x1,0x2,0x5,0xff)'],
  [3, 15, '01000200fe0207', 'UsbIrdaBridge(0x1,0x2,0x7)'],
  [3, 15, '01000200fe0907', 'UsbClass(0x1,0x2,0xfe,0x9,0x7)'],
  [3, 16, `42422a004200${utf16('foobar')}`, 'UsbWwid(0x2a,0x42,0x4242,"foobar")'],
  [3, 17, '42', 'Unit(0x42)'],
  [3, 18, '0100ffff0000', 'Sata(0x1,0xffff,0x0)'],
  [
    3,
    19,
    `00000000000000000000002a0100${ascii('iqn.2015-02.org.example')}`,
    'iSCSI(iqn.2015-02.org.example,0x1,0x000000000000002a,None,None,CHAP_BI,TCP)',
  ],
  [
    3,
    19,
    `00000a18000000000000002a0100${ascii('t')}00`,
    'iSCSI(t,0x1,0x000000000000002a,CRC32C,CRC32C,None,TCP)',
  ],
  [3, 20, '2a00', 'Vlan(42)'],
  [3, 21, '00000000000000000000002a0000000000001092', 'FibreEx(0x000000000000002a,0x0000000000001092)'],
  [
    3,
    22,
    '0000000000000042000000000000002a51000100',
    'SasEx(0x0000000000000042,0x000000000000002a,0x1,SATA,Internal,Expanded,0)',
  ],
  [
    3,
    22,
    '0000000000000042000000000000002acdab0000',
    'SasEx(0x0000000000000042,0x000000000000002a,0x0,0xabcd,0,0,0)',
  ],
  [3, 23, '2a0000007766554433221100', 'NVMe(0x2a,00-11-22-33-44-55-66-77)'],
  [3, 24, ascii('https://boot.example/image.efi'), 'Uri(https://boot.example/image.efi)'],
  [3, 24, '', 'Uri()'],
  [3, 24, 'ff', 'Msg(24,ff)'],
  [3, 25, '0042', 'UFS(0x0,0x42)'],
  [3, 26, '2a', 'SD(0x2a)'],
  [3, 27, '001122334455', 'Bluetooth(001122334455)'],
  [3, 28, ascii('net').padEnd(64, '0'), 'Wi-Fi(net)'],
  [3, 29, '00', 'eMMC(0x0)'],
  [3, 30, '00112233445501', 'BluetoothLE(001122334455,0x1)'],
  [3, 31, `00${'0a000001'.padEnd(32, '0')}${'0a000002'.padEnd(32, '0')}`, 'Dns(10.0.0.1,10.0.0.2)'],
  [3, 31, `01fe80${'00'.repeat(13)}01`, 'Dns(fe80:0000:0000:0000:0000:0000:0000:0001)'],
  [3, 31, '000a000001', 'Msg(31,000a000001)'],
  [3, 32, guidHex, `NVDIMM(${guid})`],
  [3, 33, '0102', 'RestService(0x1,0x2)'],
  [3, 33, `ff02${guidHex}`, `RestService(0xff,0x2,${guidHex})`],
  [
    3,
    34,
    `01${'0011223344556677'.padEnd(32, '0')}${ascii('nqn')}00`,
    'NVMEoF(nqn,eui:00-11-22-33-44-55-66-77)',
  ],
  [
    3,
    34,
    `0300112233445566778899aabbccddeeff${ascii('nqn')}00`,
    'NVMEoF(nqn,urn:uuid:00112233-4455-6677-8899-aabbccddeeff)',
  ],
  [3, 200, '0102', 'Msg(200,0102)'],
  [4, 1, `0100000000080000000000000040060000000000${guidHex}0202`, `HD(1,GPT,${guid},0x800,0x64000)`],
  [
    4,
    1,
    `01000000000800000000000000400600000000002a000000${'00'.repeat(12)}0101`,
    'HD(1,MBR,0x0000002a,0x800,0x64000)',
  ],
  [4, 1, `0100000000080000000000000040060000000000${'00'.repeat(16)}0100`, 'HD(1,0,0,0x800,0x64000)'],
  [4, 2, '0100000000040000000000000090010000000000', 'CDROM(0x1,0x400,0x19000)'],
  [4, 3, `${guidHex}4242`, `VenMedia(${guid},4242)`],
  [4, 4, `${utf16('\\EFI\\BOOT\\BOOTX64.EFI')}0000`, '\\EFI\\BOOT\\BOOTX64.EFI'],
  [4, 4, '41', 'MediaPath(4,41)'],
  [4, 5, guidHex, `Media(${guid})`],
  [4, 6, guidHex, `FvFile(${guid})`],
  [4, 7, guidHex, `Fv(${guid})`],
  [4, 8, '0000000000040000000000000008000000000000', 'Offset(0x400,0x800)'],
  [4, 9, `00040000000000000090010000000000${guidHex}0100`, `RamDisk(0x400,0x19000,1,${guid})`],
  [
    4,
    9,
    '000400000000000000900100000000005a53ab77fc454b625560f7b281d1f96e0000',
    'VirtualDisk(0x400,0x19000,0)',
  ],
  [5, 1, `02004200${ascii('Test')}00`, 'BBS(HD,Test,0x42)'],
  [5, 1, `80000000${ascii('x')}00`, 'BBS(0x80,x,0x0)'],
  [5, 42, '4242', 'BbsPath(42,4242)'],
  [9, 1, '0102', 'Path(9,1,0102)'],
  [9, 1, '', 'Path(9,1)'],
]

describe('the text of a node', () => {
  test.each(vectors)('%i/%i %s', (type, subType, data, text) => {
    expect(devicePathNodeText(nodeOf(type, subType, data))).toBe(text)
  })

  test('covers every kind of node of UEFI 2.10', () => {
    const written = new Set(vectors.map(([type, subType]) => `${type}/${subType}`))
    const kinds = { 1: 6, 2: 4, 3: 34, 4: 9, 5: 1 }
    const unused = ['3/7', '3/8']
    const all = Object.entries(kinds).flatMap(([type, last]) =>
      Array.from({ length: last }, (_, i) => `${type}/${i + 1}`),
    )
    expect(all.filter((kind) => !written.has(kind))).toEqual(unused)
  })

  test('is its bytes when they do not have its form', () => {
    for (const [type, subType, data] of vectors) {
      for (let length = 0; length < data.length / 2; length++) {
        const text = devicePathNodeText(nodeOf(type, subType, data.slice(0, 2 * length)))
        expect(typeof text).toBe('string')
      }
    }
    expect(devicePathNodeText(nodeOf(1, 1, '02'))).toBe('HardwarePath(1,02)')
    expect(devicePathNodeText(nodeOf(1, 1, '021f00'))).toBe('HardwarePath(1,021f00)')
  })
})

const hexOf = (type: number, subType: number, data: string): string =>
  toHex(encode(devicePathNode, nodeOf(type, subType, data)))
const paths: readonly [hex: string, text: string][] = [
  [end, ''],
  [
    `02010c00d041030a0000000001010600021f03120a000100ffff0000${hexOf(4, 1, `0100000000080000000000000040060000000000${guidHex}0202`)}${hexOf(4, 4, `${utf16('\\EFI\\fedora\\shimx64.efi')}0000`)}${end}`,
    `PciRoot(0x0)/Pci(0x1f,0x2)/Sata(0x1,0xffff,0x0)/HD(1,GPT,${guid},0x800,0x64000)/\\EFI\\fedora\\shimx64.efi`,
  ],
  [`${hexOf(4, 0xff, '')}${end}`, 'MediaPath(255)'],
  [`0305060001027f010400030506000304${end}`, 'USB(0x1,0x2),USB(0x3,0x4)'],
]

describe('a device path', () => {
  test.each(paths)('%s', (hex, text) => {
    const path = decode(efiDevicePath, fromHex(hex))
    expect(path.text).toBe(text)
    expect(devicePathText(path.nodes)).toBe(text)
    expect(toHex(encode(efiDevicePath, path))).toBe(hex)
  })

  test.each(paths)('is read only when all of it is there: %s', (hex) => {
    const bytes = fromHex(hex)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(efiDevicePath, bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CODEC_UNDERFLOW' }),
      )
    }
  })

  test.each([
    ['a node shorter than its head', '01010300', 'CODEC_VALUE'],
    ['a node of no bytes', '01010000', 'CODEC_VALUE'],
    ['an end with data', '7fff050000', 'CODEC_VALUE'],
    ['an end of another kind', '7f020400', 'CODEC_VALUE'],
    ['bytes behind its end', `${end}00`, 'CODEC_TRAILING'],
    ['more nodes than a path can have', `${hexOf(1, 5, '00000000').repeat(1025)}${end}`, 'CODEC_LIMIT'],
  ])('is not read with %s', (_, hex, code) => {
    expect(() => decode(efiDevicePath, fromHex(hex))).toThrow(expect.objectContaining({ code }))
  })

  test('says what is wrong with the length of a node, and where', () => {
    const context = { offset: 2, expected: 'a node of 4 or more bytes', actual: '3' }
    expect(() => decode(efiDevicePath, fromHex('01010300'))).toThrow(
      expect.objectContaining({ context: expect.objectContaining(context) }),
    )
  })

  test.each<[string, DevicePathNode]>([
    ['its end', { type: 0x7f, subType: 0xff, data: new Uint8Array(0) }],
    ['an end of another kind', { type: 0x7f, subType: 2, data: new Uint8Array(0) }],
    ['an end with data', { type: 0x7f, subType: 1, data: new Uint8Array(1) }],
    ['a node that is too large', { type: 1, subType: 1, data: new Uint8Array(0xfffc) }],
  ])('is not written with %s among its nodes', (_, node) => {
    expect(() => encode(efiDevicePath, { text: '', nodes: [node] })).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
  })

  const node = fc.record({
    type: fc.integer({ min: 1, max: 6 }),
    subType: fc.integer({ min: 0, max: 40 }),
    data: fc.uint8Array({ maxLength: 60 }),
  })

  test('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(node, { maxLength: 5 }), (nodes) => {
        const path = { text: devicePathText(nodes), nodes }
        expect(decode(efiDevicePath, encode(efiDevicePath, path))).toEqual(path)
      }),
    )
  })
})
