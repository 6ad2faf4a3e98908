import { toHex } from '@trusthold/core/bytes'
import type { ImaEntry, ImaLog } from '@trusthold/core/measured-boot'
import type { Finding } from '../event-log-findings.js'
import { type PcrDocument, pcrLines } from './pcrs.js'
import { table } from './table.js'

/** One entry of a list, for `--json`. */
export interface ImaEntryDocument {
  readonly index: number
  readonly pcr: number
  /** As listed, in hexadecimal; all zeros for a violation. */
  readonly templateHash: string
  /** Algorithm and digest as the kernel writes them, such as `sha256:90c9…`; null when the entry has none. */
  readonly fileDigest: string | null
  /** Path or name; bytes that are not UTF-8 are replaced. Null when the entry has none. */
  readonly path: string | null
  /** The file's signature, in hexadecimal. */
  readonly signature?: string
  /** Only where it is not that of the list. */
  readonly template?: string
}

/** A list, for `--json`. */
export interface ImaLogDocument {
  /** That of the first entry. */
  readonly template: string
  readonly entries: readonly ImaEntryDocument[]
  /** Values of the PCRs that the list extends, for one bank. */
  readonly pcrs: PcrDocument
  readonly findings: readonly Finding[]
}

/** Entries of a list. @param template that of the list */
export function entryDocuments({ events }: ImaLog, template: string): ImaEntryDocument[] {
  return events.map((entry) => ({
    index: entry.index,
    pcr: entry.pcr,
    templateHash: toHex(entry.listedHash),
    fileDigest: digestText(entry),
    path: entry.path ?? null,
    ...(entry.signature && { signature: toHex(entry.signature) }),
    ...(entry.template.name !== template && { template: entry.template.name }),
  }))
}

function digestText({ fileDigest }: ImaEntry): string | null {
  if (fileDigest === undefined) return null
  const { type, algorithm, value } = fileDigest
  return [...(type === undefined ? [] : [type]), algorithm, toHex(value)].join(':')
}

/** What is strange about a list's entries. */
export function entryFindings({ events }: ImaLog): Finding[] {
  return events.flatMap((entry): Finding[] => {
    const event = entry.index
    if (entry.violation) {
      const message = 'the file changed while it was measured: nothing of the entry is measured'
      return [{ code: 'violation', message, event }]
    }
    if (entry.hasListedHash()) return []
    return [{ code: 'template-hash', message: "the listed hash is not that of the entry's data", event }]
  })
}

/** Lines of a list: a table of its entries, and what they add up to. */
export function imaLogLines({ template, entries, pcrs, findings }: ImaLogDocument): string[] {
  const rows = entries.map(({ index, pcr, fileDigest, path, signature }) => [
    String(index),
    String(pcr),
    fileDigest ?? '-',
    signature === undefined ? '' : 'signed',
    path ?? '-',
  ])
  const strange = findings.map(({ code, message, event }) => [`  ${code}`, `entry ${event}`, message])
  return [
    `${template} list, ${entries.length} entries`,
    '',
    ...table([['#', 'PCR', 'digest', '', 'path'], ...rows]),
    '',
    ...pcrLines(pcrs),
    '',
    ...(strange.length === 0 ? ['no findings'] : ['findings', ...table(strange)]),
  ]
}
