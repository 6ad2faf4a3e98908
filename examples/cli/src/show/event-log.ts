import { type JsonValue, toHex, toJson } from '@trusthold/core/bytes'
import {
  type DecodedEvent,
  decodeEvent,
  type EventLogContent,
  type TcgEvent,
} from '@trusthold/core/measured-boot'
import type { Finding } from '../event-log-findings.js'
import { type PcrDocument, pcrLines } from './pcrs.js'
import { type SecureBootDocument, secureBootLines } from './secure-boot.js'
import { table } from './table.js'

/** One event, for `--json`. */
export interface EventDocument {
  readonly index: number
  readonly pcr: number
  /** Name of the type, or its number in hexadecimal. */
  readonly type: string
  readonly digests: Readonly<Record<string, string>>
  /** What the event says of itself, true or not. */
  readonly data: JsonValue
  /** Whether its digests, in every bank, are those of all of its data: then what it says was measured. */
  readonly verified: boolean
  /** Which part of the data was measured; `nothing` has a reason. */
  readonly covered: string
  readonly reason?: string
}

/** A log, for `--json`. */
export interface EventLogDocument {
  readonly format: 'crypto-agile' | 'sha1'
  readonly algorithms: readonly string[]
  readonly events: readonly EventDocument[]
  /** Values of the PCRs that the log extends. */
  readonly pcrs: PcrDocument
  /** As it was if the TPM's PCRs have the values of the log. */
  readonly secureBoot: SecureBootDocument
  readonly findings: readonly Finding[]
}

/** Events of a log. */
export function eventDocuments({ events, algorithms }: EventLogContent): EventDocument[] {
  return events.map((event) => eventDocument(event, decodeEvent(event, algorithms)))
}

function eventDocument(event: TcgEvent, { data, coverage }: DecodedEvent): EventDocument {
  return {
    index: event.index,
    pcr: event.pcr,
    type: event.label,
    digests: Object.fromEntries([...event.digests].map(([bank, digest]) => [bank, toHex(digest)])),
    data: toJson(data),
    verified: coverage.covered === 'all',
    covered: coverage.covered,
    ...(coverage.covered === 'nothing' && { reason: coverage.reason }),
  }
}

/**
 * Lines of a log: a table of its events, and what they add up to.
 * @param log as it was parsed, for descriptions of its events
 */
export function eventLogLines(log: EventLogContent, document: EventLogDocument): string[] {
  const rows = log.events.map((event, i) => {
    const { covered = '' } = document.events[i] ?? {}
    return [String(event.index), String(event.pcr), covered, event.describe()]
  })
  return [
    `${document.format} log, ${rows.length} events, ${document.algorithms.join(', ') || 'no known algorithm'}`,
    '',
    ...table([['#', 'PCR', 'measured', 'event'], ...rows]),
    '',
    ...pcrLines(document.pcrs),
    '',
    ...secureBootLines(document.secureBoot),
    '',
    ...findingLines(document.findings),
  ]
}

function findingLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return ['no findings']
  const rows = findings.map(({ code, message, event }) => [
    `  ${code}`,
    event === undefined ? '' : `event ${event}`,
    message,
  ])
  return ['findings', ...table(rows)]
}
