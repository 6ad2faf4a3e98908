import { toHex } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import type { EsxiEvent } from './events.js'
import { esxiPcrs, placementOf } from './placement.js'

/** What a boot loader makes of a file of no bytes: it measures one zero. */
export const emptyFile = Uint8Array.of(0)

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
  /** Why nothing may rest on what it says, however well covered; undefined when its place is as it should be. */
  readonly doubt: string | undefined
  /** Whether its digest is of something else than what it says, so that anything may be under it. */
  readonly opaque: boolean
}

/** Kinds in the order in which they are measured into each PCR of the boot loader; the kernel's come after these. */
const order: Readonly<Record<number, readonly EsxiEvent['kind'][]>> = {
  [esxiPcrs.update]: ['module'],
  [esxiPcrs.core]: ['module'],
  [esxiPcrs.static]: ['version', 'module'],
  [esxiPcrs.variable]: ['boot-option', 'signer', 'command-line', 'asset-tag'],
}
const ofKernel: readonly EsxiEvent['kind'][] = ['security-option', 'kernel', 'boot-complete']

/**
 * Follows the events of each PCR in order, which is the one order that a PCR proves.
 *
 * Whoever writes the log chooses labels: he can call the true command line a file of options, and extend the PCR with
 * another one while the system runs. But he can only add at the end. So an event counts when all that comes before it
 * in its PCR is known: covered by its digest and in its place, or a file whose contents are known by their digest.
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
    const trail = trails.get(pcr) ?? { stage: -1, stoppedBy: undefined, closedBy: undefined }
    const finding = findWrong(said, trail, seen)
    if (finding !== undefined) findings.push({ ...finding, event, pcr })
    const doubt = finding?.reason ?? doubtOf(said, trail)
    const settled = finding === undefined && (said.covered || files.has(toHex(said.digest)))
    trails.set(pcr, {
      stage: Math.max(trail.stage, stageOf(said)),
      stoppedBy: trail.stoppedBy ?? (settled ? undefined : event),
      closedBy: trail.closedBy ?? (said.kind === 'boot-complete' ? event : undefined),
    })
    return { said, doubt, opaque: !said.covered || finding !== undefined }
  })
  return { placed, findings }
}

/** How far the events of one PCR have come. */
interface Trail {
  /** The furthest kind in the PCR's order. */
  readonly stage: number
  /** The first event of which nothing is known. */
  readonly stoppedBy: number | undefined
  /** The event that ended the boot. */
  readonly closedBy: number | undefined
}

type Finding = Pick<EsxiFinding, 'kind' | 'reason'> | undefined

function findWrong(said: EsxiEvent, { stage, closedBy }: Trail, seen: Set<string>): Finding {
  const { kind, event, pcr, content } = said
  if (closedBy !== undefined) {
    const reason = `event ${event} follows Boot Complete, event ${closedBy}`
    return { kind: kind === 'boot-complete' ? 'repeated' : 'after-boot-complete', reason }
  }
  if (!belongs(said))
    return { kind: 'wrong-pcr', reason: `event ${event}, ${describe(said)}, is in PCR ${pcr}` }
  if (kind !== 'version' && kind !== 'unknown' && stageOf(said) < stage) {
    return { kind: 'out-of-order', reason: `event ${event}, ${describe(said)}, comes too late in PCR ${pcr}` }
  }
  const name = nameOf(said)
  if (name !== undefined) {
    if (seen.has(name)) return { kind: 'repeated', reason: `event ${event} is another ${describe(said)}` }
    seen.add(name)
  }
  if (said.covered || content.verified || kind === 'kernel' || fileOf(said) !== undefined) return undefined
  return { kind: kind === 'unknown' ? 'unknown' : 'not-covered', reason: content.reason }
}

/** What there may be one of in a boot: each file by name, the command line and the asset tag. */
function nameOf(said: EsxiEvent): string | undefined {
  const file = fileOf(said)
  if (file !== undefined) return `file ${file}`
  return said.kind === 'command-line' || said.kind === 'asset-tag' ? said.kind : undefined
}

function doubtOf({ kind, pcr }: EsxiEvent, { stage, stoppedBy }: Trail): string | undefined {
  if (kind === 'boot-complete') return undefined
  if (stoppedBy !== undefined) return `PCR ${pcr} has event ${stoppedBy} before it, of which nothing is known`
  return kind === 'version' && stage > 0 ? `PCR ${pcr} has modules before it` : undefined
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

/** Name of the file that an event is about; a hint. Undefined for other events and for one without a name. */
export function fileOf(said: EsxiEvent): string | undefined {
  if (said.kind !== 'module' && said.kind !== 'boot-option') return undefined
  return said.content.verified ? said.content.value : said.content.hint
}

function describe(said: EsxiEvent): string {
  const name = fileOf(said)
  return name === undefined ? said.kind : `${said.kind} '${name}'`
}
