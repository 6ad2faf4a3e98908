import { toJson, utf8 } from '@trusthold/core/bytes'
import {
  bootFacts,
  compareLog,
  decodeEvent,
  type EventTypeName,
  esxiBoot,
  eventTypes,
  findLogFindings,
  matchImaLog,
  parseCcEventLog,
  parseEventLog,
  parseImaLog,
  parseSystemdLog,
  readEventData,
  readFileSignature,
  readSbat,
  readUkiSections,
  readVersionRecord,
  replayEventLog,
  type TcgEventLog,
} from '@trusthold/core/measured-boot'
import { esxiBootEvents, eventLog, imaList, systemdLog } from '@trusthold/core/testing'
import { bootNames, loadBoot } from '../../recordings/load.js'
import type { FuzzTarget } from '../target.js'

const esxiFiles = [
  { path: '/k.b00', contents: 'kernel', version: { component: 'c', product: 'p', version: '8' } },
]

/** Short logs: an input that takes long to read is one that is tried seldom. */
const builtLogs = (): readonly Uint8Array[] => {
  const plain = eventLog({ banks: ['sha1', 'sha256'] })
    .specId()
    .startupLocality(3)
  plain
    .variable('SecureBoot', Uint8Array.of(1))
    .separator(7)
    .event({ pcr: 8, type: 13, data: 'grub_cmd: linux /x\0' })
  const old = eventLog({ format: 'sha1' }).separator(0).variable('SecureBoot', Uint8Array.of(0))
  const esxi = eventLog().specId()
  for (const event of esxiBootEvents({
    files: esxiFiles,
    options: 'a=b',
    signers: [Uint8Array.of(0x30, 0)],
  })) {
    esxi.event(event)
  }
  return [plain, old, esxi].map((log) => log.build().bytes)
}

/** Says all that is to say of a log, and believes nothing of it without a quote. */
function readAll(log: TcgEventLog): void {
  toJson(log.events.map((event) => [event.describe(), decodeEvent(event, log.algorithms)]))
  toJson(findLogFindings(log))
  for (const bank of log.algorithms) {
    const facts = bootFacts(log, bank, [])
    const { secureBoot, linux, separators } = facts
    if (secureBoot.enabled.verified) throw new Error('Secure Boot is verified although no PCR is proved')
    toJson([secureBoot, linux, separators])
    if (esxiBoot(log, bank, []).commandLine?.verified === true) {
      throw new Error('a command line is verified although no PCR is proved')
    }
  }
  for (const bank of log.algorithms) {
    const values = replayEventLog(log, bank)
    const { differing } = compareLog(log, bank, values)
    if (differing.length > 0) throw new Error('a log differs from its own replay')
    toJson(bootFacts(log, bank, values.keys()).secureBoot)
  }
}

const types = Object.keys(eventTypes) as EventTypeName[]

/** The first byte chooses the type, the others are the data. */
const eventData: FuzzTarget = {
  name: 'event-data',
  seeds: () =>
    bootNames
      .slice(0, 6)
      .flatMap((name) =>
        parseEventLog(loadBoot(name).eventLog).events.flatMap(({ typeName, data }) =>
          typeName === undefined || data.length > 2_048
            ? []
            : [Uint8Array.of(types.indexOf(typeName), ...data)],
        ),
      ),
  run(bytes) {
    const typeName = types[(bytes[0] ?? 0) % types.length] as EventTypeName
    toJson(readEventData({ typeName, data: bytes.subarray(1) }))
  },
}

const ima = imaList({ banks: ['sha1', 'sha256'] })
  .bootAggregate()
  .file('/bin/true')
  .file('/bin/false', { template: 'ima-sig', signature: Uint8Array.of(3, 2, 4, 1, 2, 3, 4, 0, 1, 9) })
  .file('/etc/x', { template: 'ima-ngv2' })
  .build()

/** Readers of what was measured. */
export const logTargets: readonly FuzzTarget[] = [
  { name: 'event-log', seeds: builtLogs, run: (bytes) => readAll(parseEventLog(bytes)) },
  {
    name: 'event-log.recorded',
    seeds: () => [loadBoot('boot-uki').eventLog, loadBoot('boot-insecure').eventLog],
    run: (bytes) => readAll(parseEventLog(bytes)),
  },
  {
    name: 'event-log.confidential',
    seeds: () => [eventLog({ confidential: true }).specId().separator(1).build().bytes],
    run(bytes) {
      const log = parseCcEventLog(bytes)
      toJson(log.events.map((event) => event.describe()))
      toJson(findLogFindings(log))
    },
  },
  eventData,
  {
    name: 'ima-log',
    seeds: () => [ima.binary, ima.ascii, loadBoot('boot-ima-sig').imaLog.slice(0, 4_000)],
    run(bytes) {
      const log = parseImaLog(bytes)
      toJson(log.events.map((entry) => [entry.describe(), entry.fileDigest, entry.template.name]))
      for (const bank of ['sha1', 'sha256'] as const) {
        const value = replayEventLog(log, bank).get(10) as Uint8Array
        matchImaLog(log, bank, value)
        if (
          matchImaLog(
            log,
            bank,
            value.map((byte) => byte ^ 0x55),
          ).matched
        ) {
          throw new Error('a value that no entry gives is matched')
        }
      }
    },
  },
  {
    name: 'ima-signature',
    seeds: () => [
      Uint8Array.of(3, 2, 4, 1, 2, 3, 4, 0, 2, 9, 9),
      Uint8Array.of(6, 3, 4, 1, 2, 3, 4, 0, 1, 9),
    ],
    run(bytes) {
      toJson(readFileSignature(bytes))
    },
  },
  {
    name: 'systemd-log',
    seeds: () => [
      systemdLog()
        .measure({ string: 'enter-initrd' })
        .measure({ pcr: 15, string: 'machine-id:0123456789abcdef0123456789abcdef', eventType: 'machine-id' })
        .build().bytes,
    ],
    run(bytes) {
      const log = parseSystemdLog(bytes)
      toJson(log.events.map((event) => event.describe()))
    },
  },
  {
    name: 'esxi-version',
    seeds: () => [],
    run(bytes) {
      toJson(readVersionRecord(bytes))
    },
  },
  {
    name: 'uki',
    seeds: () => [],
    run(bytes) {
      for (const [name, section] of readUkiSections(bytes)) {
        if (section.length > bytes.length) throw new Error(`${name} is longer than the file`)
      }
    },
  },
  {
    name: 'sbat',
    seeds: () => [utf8('sbat,1,2023012900\nshim,2\n'), utf8('sbat,1,SBAT Version,sbat,1,https://x\n')],
    run(bytes) {
      const text = Buffer.from(bytes).toString('utf8')
      if (readSbat(text)?.length === 0) throw new Error('no entries are an SBAT')
    },
  },
]
