import { decode } from '../../codec/index.js'
import { efiGuid, type Guid } from '../events/guid.js'
import { readVariable } from '../events/uefi-variable.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import { lazyMembers } from '../lazy-members.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'
import type { SeparatorDigests } from './separators.js'

/** PCR of the Secure Boot policy. */
export const policyPcr = 7

/** Vendor, length of the name and length of the value. */
const variableHead = 32
/** Of zeros, in bytes: what fills EFI_VARIABLE_DATA_TREE up to a multiple of 8. */
const shimPadding = 5

/** A variable as an event in PCR 7 has it. */
export interface PolicyVariable {
  readonly vendor: Guid
  readonly name: string
  readonly data: Uint8Array
}

/** An event that extended PCR 7. */
export interface PolicyEvent {
  readonly event: TcgEvent
  /** What its digest covers of its data; undefined when that is not all of it. */
  readonly measured: Uint8Array | undefined
  /** The variable that it is about, read from what was measured, or else from what it says; undefined for others. */
  readonly variable: PolicyVariable | undefined
}

/** PCR 7, in the parts in which it was extended. */
export interface PolicyLog {
  /** Whether the quoted value of PCR 7 is what the log replays to. */
  readonly proved: boolean
  /** The firmware's part: up to the first separator, or all of it when there is none. */
  readonly before: readonly PolicyEvent[]
  /** The first separator; undefined when the firmware's part has no end. */
  readonly separator: TcgEvent | undefined
  /** What loaders, and whoever ran after them, added. */
  readonly after: readonly PolicyEvent[]
  /** Whether a log of the operating system has more of PCR 7, of which nothing is known. */
  readonly extendedLater: boolean
}

/**
 * Takes PCR 7 apart. The separator is told by its digest, which is measured, and not by its type, which is a label:
 * else anyone who runs after the firmware could move the border.
 */
export function readPolicyLog(log: ProvedLog, digests: SeparatorDigests): PolicyLog {
  const events = log.eventsOf(policyPcr)
  const border = events.findIndex((event) => digests.kindOf(event) !== undefined)
  const firmware = border === -1 ? events : events.slice(0, border)
  const others = border === -1 ? [] : events.slice(border + 1)
  const read = (event: TcgEvent): PolicyEvent => readPolicyEvent(log, event)
  return lazyMembers<PolicyLog>({
    proved: () => log.isProved(policyPcr),
    before: () => firmware.map(read),
    separator: () => events[border],
    after: () => others.map(read),
    extendedLater: () => log.laterEventsOf(policyPcr).length > 0,
  })
}

/**
 * A list of what PCR 7 says, from its start to its end. It is verified when PCR 7 is proved, has a separator, every event
 * in it has data that its digest covers, and no other log has more of it: then nothing of the kind is hidden behind
 * another's label, or in another's log.
 */
export function policyListFact<T>(log: PolicyLog, items: readonly T[]): Fact<readonly T[]> {
  if (!log.proved) return doubtedFact('PCR 7 is not proved by the log', items)
  if (log.separator === undefined) return doubtedFact('PCR 7 has no separator', items)
  if (log.extendedLater) return doubtedFact('the operating system extended PCR 7', items)
  const uncovered = [...log.before, ...log.after].find(({ measured }) => measured === undefined)
  if (uncovered === undefined) return provedFact(items)
  return doubtedFact(`event ${uncovered.event.index} in PCR 7 has data that its digest does not cover`, items)
}

function readPolicyEvent(log: ProvedLog, event: TcgEvent): PolicyEvent {
  const measured = measuredData(log, event)
  return { event, measured, variable: readPolicyVariable(measured ?? event.data) }
}

/**
 * What a digest covers of an event's data: all of it, or all but the last byte, for old versions of shim log one byte
 * more than they measure. The byte is no part of what is read then, so it says nothing.
 */
function measuredData(log: ProvedLog, event: TcgEvent): Uint8Array | undefined {
  const { data } = event
  if (log.isDigestOf(event, data)) return data
  const shorter = data.subarray(0, -1)
  return data.length > 0 && log.isDigestOf(event, shorter) ? shorter : undefined
}

function readPolicyVariable(data: Uint8Array): PolicyVariable | undefined {
  const size = variableSize(data)
  if (size === undefined || !isPadding(data.subarray(size))) return undefined
  const variable = readVariable(data.subarray(0, size))
  if (variable === undefined) return undefined
  const { name, data: value } = variable
  return { vendor: decode(efiGuid, variable.vendor), name, data: value }
}

/** Of the variable that the data begins with, in bytes, as its head states it; undefined when there is less data. */
function variableSize(data: Uint8Array): number | undefined {
  if (data.length < variableHead) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const size = BigInt(variableHead) + 2n * view.getBigUint64(16, true) + view.getBigUint64(24, true)
  return size <= BigInt(data.length) ? Number(size) : undefined
}

/** Old versions of shim measure a few zeros more than the variable, which their compiler put behind the structure. */
function isPadding(rest: Uint8Array): boolean {
  return rest.length <= shimPadding && rest.every((byte) => byte === 0)
}
