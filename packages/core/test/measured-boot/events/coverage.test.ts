import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../../test/recordings/load.js'
import { equalBytes, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { encode } from '../../../src/codec/index.js'
import {
  type Coverage,
  decodeEvent,
  type EventTypeName,
  eventTypeName,
  eventTypes,
  parseEventLog,
  type TcgEvent,
  uefiVariableData,
} from '../../../src/measured-boot/index.js'
import { eventLog } from '../../../src/testing/index.js'
import { digestOf } from '../../../src/tpm2/index.js'
import { banks, decodeData, eventOf } from './decoding.js'

const vendor = fromHex('61dfe48bca93d211aa0d00e098032b8c')
const variable = (name: string, data: Uint8Array) => encode(uefiVariableData, { vendor, name, data })
const bootNext = variable('BootNext', Uint8Array.of(1, 0))
const padded = Uint8Array.from([...bootNext, 0, 0, 0, 0, 0, 0])
const tag = (data: Uint8Array) => Uint8Array.from([1, 0, 0, 0, data.length, 0, 0, 0, ...data])

describe('what a digest covers', () => {
  test.each<[string, EventTypeName, Uint8Array | string, Uint8Array | string, Coverage['covered']]>([
    ['all of the data', 'EV_EFI_VARIABLE_BOOT', bootNext, bootNext, 'all'],
    ['the value of a variable', 'EV_EFI_VARIABLE_BOOT', bootNext, Uint8Array.of(1, 0), 'value'],
    ['no part of the value', 'EV_EFI_VARIABLE_BOOT', bootNext, Uint8Array.of(1), 'nothing'],
    ['a variable and its padding', 'EV_EFI_VARIABLE_AUTHORITY', padded, padded, 'all'],
    ['a variable and some padding', 'EV_EFI_VARIABLE_AUTHORITY', padded, padded.subarray(0, -1), 'variable'],
    ['a variable before its padding', 'EV_EFI_VARIABLE_AUTHORITY', padded, bootNext, 'variable'],
    ['not less of a variable', 'EV_EFI_VARIABLE_AUTHORITY', padded, bootNext.subarray(0, -1), 'nothing'],
    ['an action without its NUL', 'EV_EFI_ACTION', 'UEFI Debug Mode\0', 'UEFI Debug Mode', 'text'],
    ['an action with its NUL', 'EV_EFI_ACTION', 'UEFI Debug Mode\0', 'UEFI Debug Mode\0', 'all'],
    ['not another action', 'EV_EFI_ACTION', 'UEFI Debug Mode', 'uefi debug mode', 'nothing'],
    ['a command of GRUB', 'EV_IPL', 'grub_cmd: linux /vmlinuz\0', 'linux /vmlinuz', 'content'],
    ['a command of older GRUB', 'EV_IPL', 'grub_kernel_cmdline /vmlinuz a: b\0', '/vmlinuz a: b', 'content'],
    ['not the label of a command', 'EV_IPL', 'grub_cmd: linux /vmlinuz\0', 'grub_cmd', 'nothing'],
    ['not the file that is named', 'EV_IPL', '/vmlinuz\0', 'its content', 'nothing'],
    ['the data of a tagged event', 'EV_EVENT_TAG', tag(utf8('x')), 'x', 'content'],
    [
      'not one of several tagged events',
      'EV_EVENT_TAG',
      Uint8Array.from([...tag(utf8('x')), ...tag(utf8('y'))]),
      'x',
      'nothing',
    ],
    ['an error that is described', 'EV_SEPARATOR', 'no memory', Uint8Array.of(1, 0, 0, 0), 'error'],
    [
      'not an error under a normal separator',
      'EV_SEPARATOR',
      new Uint8Array(4),
      Uint8Array.of(1, 0, 0, 0),
      'nothing',
    ],
    [
      'firmware that is described',
      'EV_EFI_PLATFORM_FIRMWARE_BLOB',
      new Uint8Array(16),
      new Uint8Array(16),
      'nothing',
    ],
    [
      'an image that is described',
      'EV_EFI_BOOT_SERVICES_DRIVER',
      new Uint8Array(32),
      new Uint8Array(32),
      'nothing',
    ],
    ['the hardware root of trust', 'EV_EFI_HCRTM_EVENT', 'HCRTM', 'HCRTM', 'nothing'],
    ['nothing of an event that informs', 'EV_NO_ACTION', 'x', 'x', 'nothing'],
    ['data that is malformed', 'EV_EFI_GPT_EVENT', 'x', 'x', 'all'],
  ])('%s', (_, type, data, digestOf, covered) => {
    const { coverage } = decodeData(type, data, digestOf)
    expect(coverage.covered).toBe(covered)
    if (covered !== 'nothing' && covered !== 'all') {
      const bytes = typeof digestOf === 'string' ? utf8(digestOf) : digestOf
      expect(coverage).toEqual({ covered, bytes, banks })
    }
  })

  test('counts only when all banks that are asked for agree', () => {
    const built = eventLog({ banks }).specId()
    const data = utf8('text')
    built.event({
      pcr: 4,
      type: eventTypes.EV_EFI_ACTION,
      data,
      digests: { sha256: digestOf('sha256', data), sha384: digestOf('sha384', utf8('other')) },
    })
    const event = parseEventLog(built.build().bytes).events[1] as TcgEvent
    expect(decodeEvent(event, ['sha256']).coverage).toEqual({ covered: 'all', banks: ['sha256'] })
    for (const asked of [['sha384'], banks, [...banks].reverse()] as const) {
      expect(decodeEvent(event, asked).coverage).toMatchObject({
        covered: 'nothing',
        reason: expect.stringContaining(asked.join(', ')),
      })
    }
  })

  test('needs a bank, and a digest for it', () => {
    const event = eventOf('EV_EFI_ACTION', 'text')
    expect(decodeEvent(event, []).coverage).toEqual({ covered: 'nothing', reason: 'no bank is asked for' })
    expect(decodeEvent(event, ['sha256', 'sha512']).coverage).toEqual({
      covered: 'nothing',
      reason: 'it has no digest for sha512',
    })
  })
})

/** The event with another type: a label is not measured. */
function relabelled(event: TcgEvent, type: number): TcgEvent {
  return {
    index: event.index,
    offset: event.offset,
    pcr: event.pcr,
    label: '',
    type,
    typeName: eventTypeName(type),
    extends: type !== eventTypes.EV_NO_ACTION,
    data: event.data,
    digests: event.digests,
    digest: (bank) => event.digest(bank),
    copyDigest: (bank, target, at) => event.copyDigest(bank, target, at),
    describe: () => '',
  }
}

describe('T-14: whatever an event is called', () => {
  const log = parseEventLog(loadBoot('boot-secure').eventLog)
  const types = [...Object.values(eventTypes), 0x6000_0001]
  /** Types whose digest is of something else than the data. */
  const describing = ['firmware-blob', 'handoff-tables', 'image-load']

  test.each(types.map((type) => [eventTypeName(type) ?? 'another type', type] as const))(
    '%s: only bytes that were measured count',
    (_, type) => {
      for (const event of log.events) {
        const { data, coverage } = decodeEvent(relabelled(event, type), log.algorithms)
        if (coverage.covered === 'nothing') continue
        expect(coverage.banks).toEqual(log.algorithms)
        const bytes = coverage.covered === 'all' ? event.data : coverage.bytes
        for (const bank of log.algorithms) {
          expect(toHex(digestOf(bank, bytes))).toBe(toHex(event.digest(bank) ?? new Uint8Array()))
        }
        expect(describing).not.toContain(data.kind)
      }
    },
  )

  test('all of the data counts only where it was measured under its own name', () => {
    for (const event of log.events.filter((one) => one.extends)) {
      const measured = log.algorithms.every((bank) =>
        equalBytes(digestOf(bank, event.data), event.digest(bank) ?? new Uint8Array()),
      )
      for (const type of types) {
        const { coverage } = decodeEvent(relabelled(event, type), log.algorithms)
        if (coverage.covered === 'all') expect(measured).toBe(true)
      }
    }
  })
})
