/**
 * Systemd's log is replayed after the firmware's, and whoever sends both can cut any PCR's events in two: the end of them
 * stands then in systemd's log, where it says nothing, and every PCR still replays. What is stated of the boot must not
 * become better by that.
 */
import { isDeepStrictEqual } from 'node:util'
import { concatBytes, toHex, utf8 } from '@trusthold/core/bytes'
import {
  type BootFacts,
  bootFacts,
  compareLogs,
  eventTypes,
  parseEventLog,
  parseSystemdLog,
} from '@trusthold/core/measured-boot'
import { eventLog } from '@trusthold/core/testing'
import { describe, expect, test } from 'vitest'
import { type BootName, bootNames, loadBoot } from '../recordings/load.js'
import { approvedLine, options } from './linux-boots.js'

const bank = 'sha256'
const shimLock = '605dab50-e046-4300-abb6-3dd810dd8b23'

/** The two logs after the last `count` events of a PCR went from one to the other. */
function moveEnd(bytes: Uint8Array, pcr: number, count: number) {
  const { events } = parseEventLog(bytes)
  const moved = events.filter((event) => event.extends && event.pcr === pcr).slice(-count)
  const records = moved.map((event) => {
    const digests = [...event.digests].map(([hashAlg, digest]) => ({ hashAlg, digest: toHex(digest) }))
    return `\x1e${JSON.stringify({ pcr, digests, content_type: 'systemd', content: {} })}\n`
  })
  const kept = events
    .filter((event) => !moved.includes(event))
    .map(({ index, offset }) => bytes.subarray(offset, events[index + 1]?.offset ?? bytes.length))
  return { eventLog: concatBytes(...kept), systemdLog: utf8(records.join('')) }
}

/** What a verifier finds when the logs replay; undefined when they do not. */
function readFacts(
  bytes: Uint8Array,
  systemd: Uint8Array | undefined,
  pcrs: ReadonlyMap<number, Uint8Array>,
): BootFacts | undefined {
  const log = parseEventLog(bytes)
  const later = systemd === undefined ? [] : [parseSystemdLog(systemd)]
  const { matching, untouched, differing } = compareLogs([log, ...later], bank, pcrs)
  return differing.length > 0 ? undefined : bootFacts(log, bank, [...matching, ...untouched], later)
}

/** Everything that is verified, by where it is stated, without places in a log. */
function verifiedIn(value: unknown, path = '', found = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return found
  if ('verified' in value) {
    if (value.verified === true && 'value' in value) found.set(path, withoutPlaces(value.value))
    return found
  }
  for (const [name, member] of Object.entries(value)) verifiedIn(member, `${path}.${name}`, found)
  return found
}

function withoutPlaces(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(withoutPlaces)
  const members = Object.entries(value).filter(([name]) => !['event', 'events', 'confirmedBy'].includes(name))
  return Object.fromEntries(members.map(([name, member]) => [name, withoutPlaces(member)]))
}

function lies(bytes: Uint8Array, pcrs: ReadonlyMap<number, Uint8Array>): readonly string[] {
  const honest = verifiedIn(readFacts(bytes, undefined, pcrs))
  const { events } = parseEventLog(bytes)
  const found: string[] = []
  for (const pcr of pcrs.keys()) {
    const most = events.filter((event) => event.extends && event.pcr === pcr).length
    for (let count = 1; count <= most; count++) {
      const logs = moveEnd(bytes, pcr, count)
      for (const [path, value] of verifiedIn(readFacts(logs.eventLog, logs.systemdLog, pcrs))) {
        if (!isDeepStrictEqual(honest.get(path), value)) found.push(`PCR ${pcr}, ${count}: ${path}`)
      }
    }
  }
  return found
}

describe('T-11 the end of a PCR, moved into the log of systemd', () => {
  test.each(bootNames)('makes nothing of %s verified that was not so', (name: BootName) => {
    const { eventLog: bytes, pcrs } = loadBoot(name)
    const first = new Map([...pcrs[bank]].filter(([pcr]) => pcr !== 10))
    expect(lies(bytes, first)).toEqual([])
  })

  const disabled = eventLog()
    .specId()
    .variable('SecureBoot', Uint8Array.of(1))
    .variable('PK', Uint8Array.of())
    .separator(7)
    .separator(4)
    .event({ ...options(approvedLine) })
    .event({ ...options('init=/bin/sh') })
    .event({ pcr: 4, type: eventTypes.EV_EFI_BOOT_SERVICES_APPLICATION, data: 'x', digestOf: 'evil' })
    .event({
      pcr: 7,
      type: eventTypes.EV_EFI_VARIABLE_AUTHORITY,
      data: variableData(shimLock, 'MokSBState', Uint8Array.of(1)),
    })
    .build()
  const values = disabled.pcrs.get(bank) as ReadonlyMap<number, Uint8Array>

  test('hides no disabled shim, no image and no option', () => {
    const hidden = (pcr: number) => {
      const logs = moveEnd(disabled.bytes, pcr, 1)
      return readFacts(logs.eventLog, logs.systemdLog, values)
    }
    expect(hidden(7)?.secureBoot.enforced.verified).toBe(false)
    expect(hidden(7)?.secureBoot.authorities).toMatchObject({
      verified: false,
      reason: 'the operating system extended PCR 7',
    })
    expect(hidden(7)?.secureBoot.findings.map(({ code }) => code)).toContain('event-unknown')
    expect(hidden(7)?.separators[7]).toMatchObject({ state: 'unproven' })
    expect(hidden(4)?.linux.images.verified).toBe(false)
    expect(hidden(12)?.linux.configuration.verified).toBe(false)
    expect(hidden(12)?.linux.commandLine.verified).toBe(false)
  })

  test('gives another PCR no say of the command line', () => {
    const boot = eventLog()
      .specId()
      .event(options('init=/bin/sh'))
      .event({ ...options(approvedLine), pcr: 8 })
    const { bytes, pcrs } = boot.build()
    const proved = pcrs.get(bank) as ReadonlyMap<number, Uint8Array>
    const logs = moveEnd(bytes, 12, 1)
    expect(readFacts(logs.eventLog, logs.systemdLog, proved)?.linux.commandLine.verified).toBe(false)
    const without12 = new Map([...proved].filter(([pcr]) => pcr !== 12))
    expect(readFacts(logs.eventLog, undefined, without12)?.linux.commandLine.verified).toBe(false)
  })
})

function variableData(vendor: string, name: string, data: Uint8Array): Uint8Array {
  const [a = '', b = '', c = '', ...rest] = vendor.split('-')
  const reversed = [a, b, c].map((hex) => Buffer.from(hex, 'hex').reverse())
  const guid = Buffer.concat([...reversed, Buffer.from(rest.join(''), 'hex')])
  const head = Buffer.alloc(16)
  head.writeBigUInt64LE(BigInt(name.length), 0)
  head.writeBigUInt64LE(BigInt(data.length), 8)
  return Uint8Array.from(Buffer.concat([guid, head, Buffer.from(name, 'utf16le'), data]))
}
