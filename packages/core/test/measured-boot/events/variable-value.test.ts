import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { decode, encode } from '../../../src/codec/index.js'
import {
  type DevicePath,
  type EfiLoadOption,
  efiLoadOption,
  type Guid,
  globalVariable,
  imageSecurityDatabase,
  readAuthority,
  readVariableValue,
  shimLock,
  type VariableValue,
} from '../../../src/measured-boot/index.js'

const utf16 = (text: string) => Buffer.from(text, 'utf16le').toString('hex')
const owner: Guid = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
const ownerHex = 'bd9afa775903324dbd6028f4e78f784b'
const hash = 'ab'.repeat(32)
const list = `2616c4c14c509240aca941f9369343284c0000000000000030000000${ownerHex}${hash}`
const lists = [
  {
    type: 'EFI_CERT_SHA256_GUID' as const,
    header: new Uint8Array(0),
    signatures: [{ owner, data: fromHex(hash) }],
  },
]
const pathHex = '01010600021f7fff0400'
const path: DevicePath = {
  text: 'Pci(0x1f,0x2)',
  nodes: [{ type: 1, subType: 1, data: fromHex('021f') }],
}
const optionHex = `010000000a00${utf16('Linux\0')}${pathHex}6100`
const option: EfiLoadOption = {
  attributes: 1,
  description: 'Linux',
  devicePaths: [path],
  optionalData: fromHex('6100'),
}

describe('EFI_LOAD_OPTION', () => {
  test.each<[string, EfiLoadOption]>([
    [optionHex, option],
    [
      `080100000000${utf16('\0')}`,
      { attributes: 0x108, description: '', devicePaths: [], optionalData: new Uint8Array(0) },
    ],
    [
      `000000001400${utf16('\ud800\0')}${pathHex}${pathHex}`,
      { attributes: 0, description: '\ud800', devicePaths: [path, path], optionalData: new Uint8Array(0) },
    ],
  ])('reads and writes %s', (hex, value) => {
    expect(decode(efiLoadOption, fromHex(hex))).toEqual(value)
    expect(toHex(encode(efiLoadOption, value))).toBe(hex)
  })

  test('is read only when its head and its paths are all there', () => {
    const bytes = fromHex(optionHex)
    for (let length = 0; length < bytes.length - 2; length++) {
      expect(() => decode(efiLoadOption, bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CODEC_UNDERFLOW' }),
      )
    }
  })

  test.each([
    ['paths that take less than their size', `010000000b00${utf16('x\0')}${pathHex}00`, 'CODEC_UNDERFLOW'],
    ['a description without end', `010000000000${utf16('x')}`, 'CODEC_UNDERFLOW'],
  ])('is not read with %s', (_, hex, code) => {
    expect(() => decode(efiLoadOption, fromHex(hex))).toThrow(expect.objectContaining({ code }))
  })

  test.each<[string, Partial<EfiLoadOption>]>([
    ['a NUL in its description', { description: 'a\0b' }],
    ['paths that are too long', { devicePaths: Array<DevicePath>(6554).fill(path) }],
  ])('is not written with %s', (_, change) => {
    expect(() => encode(efiLoadOption, { ...option, ...change })).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
  })

  test('writes what it read', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.string(),
        fc.uint8Array({ maxLength: 30 }),
        (attributes, text, optionalData) => {
          const description = text.replaceAll('\0', '')
          const value = { ...option, attributes, description, optionalData }
          expect(decode(efiLoadOption, encode(efiLoadOption, value))).toEqual(value)
        },
      ),
    )
  })
})

describe('the value of a variable', () => {
  test.each<[Guid, string, string, VariableValue]>([
    [globalVariable, 'SecureBoot', '01', { kind: 'boolean', value: true }],
    [globalVariable, 'SetupMode', '00', { kind: 'boolean', value: false }],
    [globalVariable, 'AuditMode', '00', { kind: 'boolean', value: false }],
    [globalVariable, 'DeployedMode', '01', { kind: 'boolean', value: true }],
    [globalVariable, 'PK', list, { kind: 'signature-database', lists }],
    [globalVariable, 'KEK', list + list, { kind: 'signature-database', lists: [...lists, ...lists] }],
    [globalVariable, 'dbDefault', list, { kind: 'signature-database', lists }],
    [imageSecurityDatabase, 'db', list, { kind: 'signature-database', lists }],
    [imageSecurityDatabase, 'dbx', list, { kind: 'signature-database', lists }],
    [imageSecurityDatabase, 'dbt', list, { kind: 'signature-database', lists }],
    [imageSecurityDatabase, 'dbr', '', { kind: 'signature-database', lists: [] }],
    ['b9c2b4f4-bf5f-462d-8adf-c5c70ac35dad', 'devdb', list, { kind: 'signature-database', lists }],
    [shimLock, 'MokList', list, { kind: 'signature-database', lists }],
    [shimLock, 'MokListXRT', list, { kind: 'signature-database', lists }],
    [shimLock, 'MokListTrusted', '01', { kind: 'boolean', value: true }],
    [
      shimLock,
      'SbatLevel',
      toHex(utf8('sbat,1,2021030218\n')),
      { kind: 'text', text: 'sbat,1,2021030218\n' },
    ],
    [globalVariable, 'BootOrder', '02000100ff00', { kind: 'boot-order', options: [2, 1, 0xff] }],
    [globalVariable, 'DriverOrder', '', { kind: 'boot-order', options: [] }],
    [globalVariable, 'BootNext', '0300', { kind: 'boot-number', option: 3 }],
    [globalVariable, 'BootCurrent', '0a00', { kind: 'boot-number', option: 10 }],
    [globalVariable, 'Boot00FF', optionHex, { kind: 'boot-option', active: true, ...option }],
    [
      globalVariable,
      'Driver0000',
      `00${optionHex.slice(2)}`,
      { kind: 'boot-option', active: false, ...option, attributes: 0 },
    ],
  ])('%s %s: %s', (vendor, name, hex, value) => {
    expect(readVariableValue(vendor, name, fromHex(hex))).toEqual(value)
  })

  test.each<[Guid, string, string]>([
    [globalVariable, 'db', list],
    [imageSecurityDatabase, 'PK', list],
    [imageSecurityDatabase, 'SecureBoot', '01'],
    [shimLock, 'SecureBoot', '01'],
    [globalVariable, 'SecureBoot2', '01'],
    [globalVariable, 'Boot00ff', optionHex],
    [globalVariable, 'Boot00000', optionHex],
    [globalVariable, 'SecureBoot', ''],
    [globalVariable, 'BootNext', ''],
    [owner, 'LenovoConfig', '0102'],
  ])('has no form for %s %s', (vendor, name, hex) => {
    expect(readVariableValue(vendor, name, fromHex(hex))).toEqual({ kind: 'raw', bytes: fromHex(hex) })
  })

  test.each<[Guid, string, string]>([
    [globalVariable, 'SecureBoot', '02'],
    [globalVariable, 'SecureBoot', '0100'],
    [globalVariable, 'PK', list.slice(0, -2)],
    [imageSecurityDatabase, 'db', `${list}00`],
    [globalVariable, 'BootOrder', '010002'],
    [globalVariable, 'BootNext', '010000'],
    [globalVariable, 'Boot0000', '0100'],
    [shimLock, 'SbatLevel', 'ff'],
  ])('T-16: is malformed for %s %s %s', (vendor, name, hex) => {
    expect(readVariableValue(vendor, name, fromHex(hex))).toMatchObject({
      kind: 'malformed',
      reason: expect.stringMatching(/ offset \d+/),
      path: expect.stringMatching(/./),
      offset: expect.any(Number),
      bytes: fromHex(hex),
    })
  })
})

describe('an authority', () => {
  const certificate = `30820003020100`
  test.each<[Guid, string, string, VariableValue]>([
    [imageSecurityDatabase, 'db', ownerHex + hash, { kind: 'signature', owner, data: fromHex(hash) }],
    [
      imageSecurityDatabase,
      'db',
      ownerHex + certificate,
      { kind: 'signature', owner, data: fromHex(certificate) },
    ],
    [shimLock, 'Shim', certificate, { kind: 'certificate', certificate: fromHex(certificate) }],
    [shimLock, 'SbatLevel', '61', { kind: 'text', text: 'a' }],
    [shimLock, 'MokListTrusted', '01', { kind: 'boolean', value: true }],
    // A certificate's head that does not say the right length is an owner like any other.
    [
      shimLock,
      'Shim',
      `${certificate}00${'11'.repeat(10)}`,
      { kind: 'signature', owner: '03008230-0102-0000-1111-111111111111', data: fromHex('1111') },
    ],
  ])('%s %s: %s', (vendor, name, hex, value) => {
    expect(readAuthority(vendor, name, fromHex(hex))).toEqual(value)
  })

  test.each(['', ownerHex.slice(2)])('is malformed for %j', (hex) => {
    expect(readAuthority(imageSecurityDatabase, 'db', fromHex(hex))).toMatchObject({ kind: 'malformed' })
  })
})
