import { toHex } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import type { Fact } from '../fact.js'
import type { EsxiEvent } from './events.js'
import { esxiPcrs, moduleName, placementOf, versionedModules } from './placement.js'
import { readPrintable } from './version-record.js'

/** What the boot loader makes of a file of no bytes: it measures one zero. */
export const emptyFile: Uint8Array = Uint8Array.of(0)

/** Something about an event that an honest boot does not have. */
export interface EsxiFinding {
  /**
   * - `wrong-pcr`: it stands in another PCR than the boot loader would measure it into.
   * - `out-of-order`: it comes after something that the boot loader measures later.
   * - `after-boot-complete`: its PCR was closed before it.
   * - `repeated`: there is another one of its kind or name.
   * - `not-covered`: its digest does not cover what it says, or that cannot be read.
   * - `unknown`: it is no event of ESXi.
   * - `unproved`: the quote does not prove its PCR, or the log does not give the PCR's value.
   * - `truncated`: the firmware had no room for the whole log.
   */
  readonly kind:
    | 'wrong-pcr'
    | 'out-of-order'
    | 'after-boot-complete'
    | 'repeated'
    | 'not-covered'
    | 'unknown'
    | 'unproved'
    | 'truncated'
  /** Index of the event in the log; undefined for what is about a whole PCR or log. */
  readonly event: number | undefined
  readonly pcr: number | undefined
  readonly reason: string
}

/** An event, and what its place in the log makes of it. */
export interface PlacedEvent {
  readonly said: EsxiEvent
  /** Whether it is known what was measured: it is covered and in its place, or a file whose digest is known. */
  readonly settled: boolean
  /**
   * Whether a file may have been measured under it. That its digest covers what it says does not speak against it: a log
   * can hold a whole file. Only lines, version records and what belongs in PCR 14 are none.
   */
  readonly maybeFile: boolean
}

/** Kinds in the order in which they are measured into each PCR of the boot loader; the kernel's come after these. */
const order: Readonly<Record<number, readonly EsxiEvent['kind'][]>> = {
  [esxiPcrs.update]: ['module'],
  [esxiPcrs.core]: ['module'],
  [esxiPcrs.static]: ['version', 'module'],
  [esxiPcrs.variable]: ['boot-option', 'signer', 'command-line', 'asset-tag'],
}
const ofKernel: readonly EsxiEvent['kind'][] = ['security-option', 'kernel', 'boot-complete']
/** A line of at most this many bytes is no module. */
const maxLine = 512

/**
 * Judges where each event stands, by the rules of the boot loader.
 * @param known digests, in this bank, of files that the caller knows; the empty file is known always
 */
export function placeEvents(
  events: readonly EsxiEvent[],
  bank: HashAlgorithm,
  known: Iterable<Uint8Array>,
): { placed: readonly PlacedEvent[]; findings: readonly EsxiFinding[] } {
  const files = new Set([digestOf(bank, emptyFile), ...known].map(toHex))
  const trails = new Map<number, Trail>()
  const seen = new Set<string>()
  const findings: EsxiFinding[] = []
  const placed = events.map((said): PlacedEvent => {
    const { pcr, event } = said
    const trail = trails.get(pcr) ?? { stage: -1, closedBy: undefined }
    const finding = findWrong(said, trail, seen)
    if (finding !== undefined) findings.push({ ...finding, event, pcr })
    trails.set(pcr, {
      stage: Math.max(trail.stage, stageOf(said)),
      closedBy: trail.closedBy ?? (said.kind === 'boot-complete' ? event : undefined),
    })
    const settled = finding === undefined && (said.covered || files.has(toHex(said.digest)))
    return { said, settled, maybeFile: finding !== undefined || !said.covered || !isNoFile(said) }
  })
  return { placed, findings }
}

/** How far the events of one PCR have come. */
interface Trail {
  /** The furthest kind in the PCR's order. */
  readonly stage: number
  /** The event that ended the boot. */
  readonly closedBy: number | undefined
}

type Finding = Pick<EsxiFinding, 'kind' | 'reason'> | undefined

function findWrong(said: EsxiEvent, { stage, closedBy }: Trail, seen: Set<string>): Finding {
  const { kind, event, pcr } = said
  const name = describe(said)
  if (closedBy !== undefined) {
    const reason = `event ${event} follows Boot Complete, event ${closedBy}`
    return { kind: kind === 'boot-complete' ? 'repeated' : 'after-boot-complete', reason }
  }
  if (!belongs(said)) return { kind: 'wrong-pcr', reason: `event ${event}, ${name}, is in PCR ${pcr}` }
  // A core module that is loaded late has its version record late.
  if (kind !== 'version' && kind !== 'unknown' && stageOf(said) < stage) {
    return { kind: 'out-of-order', reason: `event ${event}, ${name}, comes too late in PCR ${pcr}` }
  }
  const once = onceOf(said)
  if (once !== undefined && seen.has(once)) {
    return { kind: 'repeated', reason: `event ${event} is another ${name}` }
  }
  if (once !== undefined) seen.add(once)
  return findUnread(said)
}

/** What cannot be read, or is not covered. The form of the kernel's own is not published: that alone is no finding. */
function findUnread(said: EsxiEvent): Finding {
  const { kind, event, covered, content } = said
  const version = versionOf(said)
  if (version !== undefined && !versionedModules.includes(version)) {
    return { kind: 'unknown', reason: `event ${event} is a version record of a module that has none` }
  }
  if (covered || content.verified || kind === 'kernel' || fileOf(said) !== undefined) return undefined
  return { kind: kind === 'unknown' ? 'unknown' : 'not-covered', reason: content.reason }
}

/** What there may be one of in a boot: each file, the version record of each, the command line and the asset tag. */
function onceOf(said: EsxiEvent): string | undefined {
  const file = fileOf(said)
  if (file !== undefined) return `file ${file}`
  const version = versionOf(said)
  if (version !== undefined) return `version ${version}`
  return said.kind === 'command-line' || said.kind === 'asset-tag' ? said.kind : undefined
}

/** Whether the boot loader, or the kernel, measures such an event into the PCR that it is in. */
function belongs(said: EsxiEvent): boolean {
  if (said.kind === 'unknown' || ofKernel.includes(said.kind)) return true
  const name = fileOf(said)
  if (name === undefined) return order[said.pcr]?.includes(said.kind) === true
  const { pcr, kind } = placementOf(name)
  return pcr === said.pcr && kind === said.kind
}

/** Place in the order of its PCR; -1 for what has none. */
function stageOf({ kind, pcr }: EsxiEvent): number {
  const kinds = order[pcr] ?? []
  return ofKernel.includes(kind) ? kinds.length : kinds.indexOf(kind)
}

/** Whether an event that is covered and in its place says what no module and no file of options can be. */
function isNoFile(said: EsxiEvent): boolean {
  if (said.kind === 'security-option') return (statementOf(said.content) ?? '').length <= maxLine
  if (said.kind !== 'kernel') return true
  const data = statementOf(said.content)
  return data !== undefined && data.length <= maxLine && readPrintable(data) !== undefined
}

/** Name of the file that an event is about; a hint. Undefined for other events and for one without a name. */
export function fileOf(said: EsxiEvent): string | undefined {
  return said.kind === 'module' || said.kind === 'boot-option' ? statementOf(said.content) : undefined
}

function versionOf(said: EsxiEvent): string | undefined {
  const record = said.kind === 'version' ? statementOf(said.content) : undefined
  return record === undefined ? undefined : moduleName(record.file)
}

/** What an event says, true or not. */
function statementOf<T>(fact: Fact<T>): T | undefined {
  return fact.verified ? fact.value : fact.hint
}

function describe(said: EsxiEvent): string {
  const name = fileOf(said)
  return name === undefined ? said.kind : `${said.kind} '${name}'`
}
