import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  type DevicePath,
  decodeEvent,
  type EventData,
  efiDevicePath,
  efiLoadOption,
  efiSignatureData,
  efiSignatureDatabase,
  parseEventLog,
  type VariableEvent,
} from '@trusthold/core/measured-boot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootNames, loadBoot } from '../recordings/load.js'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-eventlog-data-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** What tpm2_eventlog prints of each event: its fields with a value of one line. */
type Printed = ReadonlyMap<string, string>

function judge(bytes: Uint8Array): readonly Printed[] {
  const file = join(directory, 'eventlog.bin')
  writeFileSync(file, bytes)
  const output = execFileSync('tpm2_eventlog', [file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  })
  return output
    .slice(0, output.lastIndexOf('\npcrs:\n'))
    .split(/^- EventNum: \d+$/m)
    .slice(1)
    .map((event) => {
      const fields = [...event.matchAll(/^ +(\w+): (?:\|-\n +)?(.*)$/gm)]
      return new Map(fields.map(([, name = '', value = '']) => [name, value.replace(/^(["'])(.*)\1$/, '$2')]))
    })
}

/** The fields that tpm2_eventlog prints of such data, made from what was decoded. */
function printed(data: EventData): Record<string, string> {
  const hex = (value: bigint) => `0x${value.toString(16)}`
  switch (data.kind) {
    case 'uefi-variable':
      return {
        VariableName: data.vendor,
        UnicodeName: data.name,
        // It does not print empty ones.
        ...(valueBytes(data).length > 0 ? { VariableData: toHex(valueBytes(data)) } : {}),
      }
    case 'firmware-blob':
      return { BlobBase: hex(data.base), BlobLength: hex(data.length) }
    case 'image-load':
      return {
        ImageLocationInMemory: hex(data.location),
        ImageLengthInMemory: String(data.length),
        ImageLinkTimeAddress: hex(data.linkTimeAddress),
        LengthOfDevicePath: String(pathBytes(data.devicePaths).length),
        DevicePath: toHex(pathBytes(data.devicePaths)),
      }
    case 'action':
      return { Event: data.text }
    case 'text':
      // Texts of several lines are folded.
      return data.text.includes('\n') ? {} : { String: data.text }
    case 'separator':
      return { Event: toHex(data.bytes) }
    default:
      return {}
  }
}

function pathBytes(paths: readonly DevicePath[]): Uint8Array {
  return concatBytes(...paths.map((path) => encode(efiDevicePath, path)))
}

/** A variable's value, written again from what was read of it. */
function valueBytes({ value }: VariableEvent): Uint8Array {
  switch (value.kind) {
    case 'boolean':
      return Uint8Array.of(value.value ? 1 : 0)
    case 'signature-database':
      return encode(efiSignatureDatabase, value.lists)
    case 'signature':
      return encode(efiSignatureData, value)
    case 'certificate':
      return value.certificate
    case 'boot-option':
      return encode(efiLoadOption, value)
    case 'boot-order':
      return Uint8Array.from(value.options.flatMap((option) => [option & 0xff, option >> 8]))
    case 'boot-number':
      return Uint8Array.of(value.option & 0xff, value.option >> 8)
    case 'text':
      return utf8(value.text)
    case 'raw':
    case 'malformed':
      return value.bytes
  }
}

test.each(bootNames)('%s: tpm2_eventlog reads the same in the data of its events', (name) => {
  const { eventLog } = loadBoot(name)
  const log = parseEventLog(eventLog)
  const judgement = judge(eventLog)
  expect(judgement.length).toBe(log.events.length)
  const compared = new Map<string, number>()
  log.events.forEach((event, i) => {
    const { data } = decodeEvent(event, log.algorithms)
    expect(data.kind, `event ${i}`).not.toMatch(/malformed|unknown/)
    const theirs = judgement[i] ?? new Map<string, string>()
    for (const [field, value] of Object.entries(printed(data))) {
      // It prints NULs, also those of UTF-16.
      expect(`event ${i} ${field} ${theirs.get(field)?.replaceAll('\\0', '')}`).toBe(
        `event ${i} ${field} ${value}`,
      )
      compared.set(field, (compared.get(field) ?? 0) + 1)
    }
  })
  for (const field of ['VariableData', 'BlobBase', 'DevicePath', 'String', 'Event']) {
    expect(compared.get(field), field).toBeGreaterThan(0)
  }
})
