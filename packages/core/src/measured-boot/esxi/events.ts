import { equalBytes, utf8 } from '../../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../../errors/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import { readTaggedEvent } from '../events/tcg-tagged-event.js'
import type { Fact } from '../fact.js'
import { declaredBank } from '../replay.js'
import type { TcgEvent, TcgEventLog } from '../tcg/event-log.js'
import { eventTypes } from '../tcg/event-types.js'
import { esxiPcrNumbers } from './placement.js'
import { esxiTags } from './tags.js'
import { type EsxiVersion, readPrintable, readVersionRecord } from './version-record.js'

/** PCRs that belong to the operating system and cannot be set back while it runs: 8 to 15. */
const [firstSystemPcr, lastSystemPcr] = [8, 15]
/** Types of the events that the VMkernel makes itself, of which no more is published. */
const [firstKernelType, lastKernelType] = [0x6000_0001, 0x6000_0004]
/** File names are at most this long, in characters. */
const maxFileName = 255
/** What the VMkernel measures when the boot is over. vSphere Web Services API, HostTpmBootCompleteEventDetails. */
const bootComplete = utf8('Boot Complete\0')

/** An event of one kind. What it says is a fact of its own: verified when the digest covers it and its PCR is proved. */
export interface EsxiEventOf<K extends string, T> {
  readonly kind: K
  /** Index in the log. */
  readonly event: number
  readonly pcr: number
  /** What was extended into the PCR of the bank; must not be changed. */
  readonly digest: Uint8Array
  /** Whether the digest is over what the event says, and that could be read; proved or not. */
  readonly covered: boolean
  /** What it says. Verified is only that these bytes were measured; by whom and as what, its place must tell. */
  readonly content: Fact<T>
}

/** What the kinds of events say. */
export interface EsxiStatements {
  /** A module that was loaded: the name of its file. The digest is over the decompressed contents: a hint always. */
  readonly module: string
  /** A file of options that was loaded; as for a module. */
  readonly 'boot-option': string
  /** Path of the kernel's file, and its options after a space. */
  readonly 'command-line': string
  /** What the owner wrote into the TPM. */
  readonly 'asset-tag': Uint8Array
  /** Certificate or public key (DER) that modules were verified with. */
  readonly signer: Uint8Array
  /** A core module's version record. */
  readonly version: EsxiVersion
  /** An option as it is in effect, `KEY=VALUE`. */
  readonly 'security-option': string
  /** The end of the boot, told by its digest alone: its PCR. */
  readonly 'boot-complete': number
  /** Another event of the VMkernel: its data. */
  readonly kernel: Uint8Array
  /** Anything else that was extended into PCRs 11 to 14: its data. */
  readonly unknown: Uint8Array
}

/** One event of an ESXi boot. */
export type EsxiEvent = {
  [K in keyof EsxiStatements]: EsxiEventOf<K, EsxiStatements[K]>
}[keyof EsxiStatements]

/**
 * The events of ESXi in a log: all that was extended into PCRs 11 to 14, and what the VMkernel says in PCRs 8 to 15.
 * Types, tags and names are labels: they choose how data is read, and nothing becomes verified by them.
 * @param bank the bank in which the log was compared with a quote
 * @param matching PCRs whose quoted value the log gives, from {@link compareLog}
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank, or leaves one out
 */
export function esxiEvents(log: TcgEventLog, bank: string, matching: Iterable<number>): readonly EsxiEvent[] {
  const algorithm = declaredBank(log, bank)
  const proved = new Set(matching)
  const complete = digestOf(algorithm, bootComplete)
  const events: EsxiEvent[] = []
  for (const event of log.events) {
    if (!event.extends || event.pcr < firstSystemPcr || event.pcr > lastSystemPcr) continue
    const digest = digestIn(event, algorithm)
    const source: Source = { event, digest, algorithm, proved: proved.has(event.pcr) }
    if (equalBytes(digest, complete)) events.push(sayComplete(source))
    else if (isKernelType(event.type)) events.push(sayKernel(source))
    else if (esxiPcrNumbers.includes(event.pcr)) events.push(sayTagged(source))
  }
  return events
}

function digestIn(event: TcgEvent, bank: HashAlgorithm): Uint8Array {
  const digest = event.digest(bank)
  if (digest !== undefined) return digest
  const { index, offset } = event
  const expected = `a digest for ${bank}`
  throw new TrustholdError('EVENT_LOG_INVALID', {
    event: index,
    offset,
    field: 'digests',
    expected,
    actual: 'none',
  })
}

interface Source {
  readonly event: TcgEvent
  readonly digest: Uint8Array
  readonly algorithm: HashAlgorithm
  readonly proved: boolean
}

function isKernelType(type: number): boolean {
  return type >= firstKernelType && type <= lastKernelType
}

function sayComplete(source: Source): EsxiEvent {
  return {
    kind: 'boot-complete',
    ...placeOf(source),
    covered: true,
    content: stated(source, source.event.pcr),
  }
}

/** The form of the VMkernel's own data is not published: what it covers may be all of it, or what is in the tag. */
function sayKernel(source: Source): EsxiEvent {
  const { data } = source.event
  const tagged = readTaggedEvent(data)
  const said = tagged !== undefined && covers(source, tagged.taggedEventData) ? tagged.taggedEventData : data
  return readSecurityOption(said) === undefined
    ? { kind: 'kernel', ...placeOf(source), ...saying(source, said, (bytes) => bytes) }
    : { kind: 'security-option', ...placeOf(source), ...saying(source, said, readSecurityOption) }
}

function sayTagged(source: Source): EsxiEvent {
  const place = placeOf(source)
  const { type, data: whole } = source.event
  const tagged = type === eventTypes.EV_EVENT_TAG ? readTaggedEvent(whole) : undefined
  if (tagged === undefined) {
    return { kind: 'unknown', ...place, ...hinting(whole, `event ${place.event} is none of ESXi's`) }
  }
  const { taggedEventId, taggedEventData: data } = tagged
  switch (taggedEventId) {
    case esxiTags.module:
      return { kind: 'module', ...place, ...fileName(source, data) }
    case esxiTags.bootOption:
      return { kind: 'boot-option', ...place, ...fileName(source, data) }
    case esxiTags.commandLine:
      return { kind: 'command-line', ...place, ...saying(source, data, readPrintable) }
    case esxiTags.securityOption:
      return { kind: 'security-option', ...place, ...saying(source, data, readSecurityOption) }
    case esxiTags.assetTag:
      return { kind: 'asset-tag', ...place, ...saying(source, data, (bytes) => bytes) }
    case esxiTags.signer:
      return { kind: 'signer', ...place, ...saying(source, data, readSigner) }
    case esxiTags.version:
      return { kind: 'version', ...place, ...saying(source, data, readVersionRecord) }
    default: {
      const reason = `event ${place.event} has the unknown tag ${taggedEventId}`
      return { kind: 'unknown', ...place, ...hinting(data, reason) }
    }
  }
}

function placeOf({ event, digest }: Source): { event: number; pcr: number; digest: Uint8Array } {
  return { event: event.index, pcr: event.pcr, digest }
}

function covers({ algorithm, digest }: Source, data: Uint8Array): boolean {
  return equalBytes(digestOf(algorithm, data), digest)
}

/** Whether an event's digest covers what it says, and what that is. */
interface Statement<T> {
  readonly covered: boolean
  readonly content: Fact<T>
}

/** What `read` makes of data that the digest must cover; it gives undefined, or throws, for what it cannot read. */
function saying<T>(
  source: Source,
  data: Uint8Array,
  read: (data: Uint8Array) => T | undefined,
): Statement<T> {
  const { index } = source.event
  try {
    const value = read(data)
    if (value === undefined)
      return hinting<T>(undefined, `event ${index} has data that is not what its tag says`)
    if (!covers(source, data)) return hinting(value, `event ${index} has data that its digest does not cover`)
    return { covered: true, content: stated(source, value) }
  } catch (error) {
    if (isTrustholdError(error)) return hinting<T>(undefined, `event ${index}: ${error.message}`)
    throw error
  }
}

function hinting<T>(hint: T | undefined, reason: string): Statement<T> {
  return { covered: false, content: { verified: false, hint, reason } }
}

function stated<T>({ event, proved }: Source, value: T): Fact<T> {
  return proved
    ? { verified: true, value, event: event.index }
    : { verified: false, hint: value, reason: `PCR ${event.pcr} is not proved by the log` }
}

function fileName({ event }: Source, data: Uint8Array): Statement<string> {
  const text = data.at(-1) === 0 ? readPrintable(data.subarray(0, -1)) : undefined
  return text === undefined || text === '' || text.length > maxFileName || text.includes('/')
    ? hinting<string>(undefined, `event ${event.index} has no file's name`)
    : hinting(text, `event ${event.index} has a digest of the file and not of its name`)
}

/** `KEY=VALUE`, with or without a NUL at its end; undefined for anything else. */
export function readSecurityOption(data: Uint8Array): string | undefined {
  const text = readPrintable(data.at(-1) === 0 ? data.subarray(0, -1) : data)
  return text !== undefined && /^[\w.-]{1,100}=/.test(text) ? text : undefined
}

/**
 * Bytes that begin as a certificate, a SubjectPublicKeyInfo or an RSAPublicKey does, and end where that does. No text
 * that fits on a line can: signers are told by their label alone, and a command line must not pass as one.
 */
function readSigner(data: Uint8Array): Uint8Array | undefined {
  const outer = derSequence(data, 0)
  if (outer === undefined || outer.end !== data.length) return undefined
  const inner = derSequence(data, outer.start)
  const first = data[inner?.start ?? outer.start] ?? 0
  return (inner === undefined ? keyStarts : innerStarts).includes(first) ? data : undefined
}

/** An RSAPublicKey starts with an INTEGER. */
const keyStarts: readonly number[] = [0x02]
/** What is signed in a certificate starts with its version or an INTEGER, an algorithm with an OBJECT IDENTIFIER. */
const innerStarts: readonly number[] = [0xa0, 0x02, 0x06]

/** First octet of a length that is not given, which DER does not allow. */
const indefinite = 0x80

/** Contents of the DER SEQUENCE at an offset. X.690, section 8.1. */
function derSequence(data: Uint8Array, at: number): { start: number; end: number } | undefined {
  const [tag, first = indefinite] = [data[at], data[at + 1]]
  if (tag !== 0x30) return undefined
  const sizeBytes = first < 0x80 ? 0 : first - 0x80
  if (sizeBytes > 3 || first === indefinite) return undefined
  let length = sizeBytes === 0 ? first : 0
  for (let i = 0; i < sizeBytes; i++) length = length * 256 + (data[at + 2 + i] ?? 0)
  const start = at + 2 + sizeBytes
  return start + length <= data.length ? { start, end: start + length } : undefined
}
