import { describe, expect, test } from 'vitest'
import { fromHex } from '../../../src/bytes/index.js'
import { encode } from '../../../src/codec/index.js'
import { type EventTypeName, guidName, uefiVariableData } from '../../../src/measured-boot/index.js'
import { decodeData } from './decoding.js'
import { covered, describing, informing, secureBoot, specId } from './families.js'

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex')

describe('the data of an event says', () => {
  test.each(informing)('%s %s, and is not measured', (type, hex, data) => {
    const decoded = decodeData(type, fromHex(hex))
    expect(decoded.data).toEqual(data)
    expect(decoded.coverage).toEqual({ covered: 'nothing', reason: expect.stringContaining('only informs') })
  })

  test.each(describing)('%s %s, and is never covered', (type, hex, data) => {
    const decoded = decodeData(type, fromHex(hex))
    expect(decoded.data).toEqual(data)
    expect(decoded.coverage).toEqual({ covered: 'nothing', reason: expect.stringContaining('describes') })
  })

  test.each(covered)('%s %s, and is covered when it was measured', (type, hex, data) => {
    const decoded = decodeData(type, fromHex(hex))
    expect(decoded.data).toEqual(data)
    expect(decoded.coverage).toEqual({ covered: 'all', banks: ['sha256', 'sha384'] })
    expect(decodeData(type, fromHex(hex), 'else').coverage).toMatchObject({ covered: 'nothing' })
  })

  test.each<[EventTypeName, string, string]>([
    ['EV_EFI_VARIABLE_DRIVER_CONFIG', secureBoot.slice(0, -2), 'UEFI_VARIABLE_DATA'],
    ['EV_EFI_GPT_EVENT', '00', 'UEFI_GPT_DATA'],
    ['EV_EFI_BOOT_SERVICES_DRIVER', '00', 'UEFI_IMAGE_LOAD_EVENT'],
    ['EV_EFI_BOOT_SERVICES_DRIVER', `${'00'.repeat(24)}ffffffffffffffff`, 'UEFI_IMAGE_LOAD_EVENT'],
    ['EV_EFI_PLATFORM_FIRMWARE_BLOB', '00'.repeat(17), 'UEFI_PLATFORM_FIRMWARE_BLOB'],
    ['EV_EFI_PLATFORM_FIRMWARE_BLOB2', '05', 'UEFI_PLATFORM_FIRMWARE_BLOB2'],
    ['EV_EFI_HANDOFF_TABLES', 'ffffffffffffffff', 'UEFI_HANDOFF_TABLE_POINTERS'],
    ['EV_EFI_HANDOFF_TABLES2', '000200000000000000', 'UEFI_HANDOFF_TABLE_POINTERS2'],
    ['EV_EVENT_TAG', '01', 'TCG_PCClientTaggedEvent'],
    ['EV_NO_ACTION', specId, 'TCG_EfiSpecIDEvent'],
    ['EV_NO_ACTION', `${ascii('StartupLocality\0')}0304`, 'TCG_EfiStartupLocalityEvent'],
    ['EV_NO_ACTION', `${ascii('H-CRTM CompMeas\0')}00020000`, 'TCG_HCRTMComponentEvent'],
    ['EV_EFI_SPDM_FIRMWARE_BLOB', ascii('SPDM Device Sec2'), 'DEVICE_SECURITY_EVENT_DATA2'],
  ])('%s %s: that it is malformed, and where', (type, hex, path) => {
    const { data } = decodeData(type, fromHex(hex))
    expect(data).toMatchObject({
      kind: 'malformed',
      path: expect.stringContaining(path),
      reason: expect.stringContaining(path),
      offset: expect.any(Number),
      bytes: fromHex(hex),
    })
  })
})

test('names of variables have at most 1024 characters', () => {
  const said = (length: number) => {
    const name = 'x'.repeat(length)
    const bytes = encode(uefiVariableData, { vendor: new Uint8Array(16), name, data: new Uint8Array(1) })
    return decodeData('EV_EFI_VARIABLE_DRIVER_CONFIG', bytes).data
  }
  expect(said(1024)).toMatchObject({ kind: 'uefi-variable', name: 'x'.repeat(1024) })
  expect(said(1025)).toMatchObject({ kind: 'malformed', path: 'UEFI_VARIABLE_DATA', offset: 16 })
})

test('tagged events are unfolded eight deep', () => {
  const levels = 20_000
  const data = new Uint8Array(8 * levels)
  const view = new DataView(data.buffer)
  for (let i = 0; i < levels; i++) {
    view.setUint32(8 * i, 0x4001_0001, true)
    view.setUint32(8 * i + 4, 8 * (levels - i - 1), true)
  }
  const { data: said } = decodeData('EV_EVENT_TAG', data)
  if (said.kind !== 'tagged-events') throw new Error(said.kind)
  let [tag] = said.tags
  for (let depth = 1; depth < 8; depth++) [tag] = tag?.tags ?? []
  expect(tag).toEqual({ id: 0x4001_0001, bytes: data.subarray(8 * 8), tags: [] })
})

test('names GUIDs that are known, and no others', () => {
  expect(guidName('c12a7328-f81f-11d2-ba4b-00a0c93ec93b')).toBe('EFI System')
  expect(guidName('00112233-4455-6677-8899-aabbccddeeff')).toBeUndefined()
})
