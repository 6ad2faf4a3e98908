import { equalBytes } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import type { Fact } from '../fact.js'
import { declaredBank } from '../replay.js'
import type { TcgEventLog } from '../tcg/event-log.js'
import { type EsxiStatements, esxiEvents } from './events.js'
import { esxiPcrNumbers, esxiPcrs } from './placement.js'
import { type EsxiFinding, emptyFile, fileOf, type PlacedEvent, placeEvents } from './trail.js'
import type { EsxiVersion } from './version-record.js'

/** A file that was loaded, or something else that only a digest of is known. */
export interface EsxiModule {
  /** Index of its event in the log. */
  readonly event: number
  readonly pcr: number
  /** Name of the file, if the log gives one: a hint. */
  readonly name: string | undefined
  /** Digest of the decompressed file: verified when its PCR is proved. */
  readonly digest: Fact<Uint8Array>
  /** Digests of all banks that the log has; proved is only the one of the bank that was quoted. */
  readonly digests: ReadonlyMap<HashAlgorithm, Uint8Array>
  /** Whether it is the digest of an empty file. */
  readonly empty: boolean
}

/** What a log says about a boot of ESXi. */
export interface EsxiBoot {
  /** The bank that the digests and facts are of. */
  readonly bank: HashAlgorithm
  /** All of PCRs 11 to 13 but version records and what else its digest covers, in order. */
  readonly modules: readonly EsxiModule[]
  /** Files of options, and whatever else in PCR 14 its digest does not cover, in order. */
  readonly options: readonly EsxiModule[]
  /** Path of the kernel's file, and its options after a space. */
  readonly commandLine: Fact<string>
  /** Certificates and public keys (DER) that modules were verified with; all of them when the command line is verified. */
  readonly signers: readonly Fact<Uint8Array>[]
  /** What the owner wrote into the TPM to tell the host by. */
  readonly assetTag: Fact<Uint8Array>
  /** Version records of core modules. */
  readonly versions: readonly Fact<EsxiVersion>[]
  /** Options as they are in effect, `KEY=VALUE`. */
  readonly securityOptions: readonly Fact<string>[]
  /** Whether the end of the boot was measured; its value is the PCR. ESXi 8.0.1 and later. */
  readonly bootComplete: Fact<number>
  /** What an honest boot does not have. */
  readonly findings: readonly EsxiFinding[]
}

/** What {@link esxiBoot} may be told. */
export interface EsxiBootOptions {
  /** Whether the firmware said that its log is truncated. */
  readonly truncated?: boolean
  /**
   * Digests, in the bank, of the decompressed files of options (`jumpstrt.gz` and so on) that the caller approves.
   * Nothing after a file of unknown contents is verified, because the log could call anything such a file.
   */
  readonly knownFiles?: Iterable<Uint8Array>
}

/**
 * Reads the facts of an ESXi boot from its log.
 * @param bank the bank in which the log was compared with a quote
 * @param matching PCRs whose quoted value the log gives, from {@link compareLog}; nothing that rests on another PCR is
 *   verified
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank, or leaves one out
 */
export function esxiBoot(
  log: TcgEventLog,
  bank: string,
  matching: Iterable<number>,
  { truncated = false, knownFiles = [] }: EsxiBootOptions = {},
): EsxiBoot {
  const algorithm = declaredBank(log, bank)
  const proved = new Set(matching)
  const { placed, findings } = placeEvents(esxiEvents(log, bank, proved), algorithm, knownFiles)
  const opaque = placed.filter((one) => one.opaque && esxiPcrNumbers.includes(one.said.pcr))
  const toModule = moduleReader(log, algorithm, proved)
  const commandLine = onlyOne(placed, 'command-line')
  return {
    bank: algorithm,
    modules: opaque.filter(({ said }) => said.pcr !== esxiPcrs.variable).map(toModule),
    options: opaque.filter(({ said }) => said.pcr === esxiPcrs.variable).map(toModule),
    commandLine,
    signers: allOf(placed, 'signer'),
    assetTag: assetTagFact(placed, commandLine),
    versions: allOf(placed, 'version'),
    securityOptions: securityOptionFacts(placed),
    bootComplete: allOf(placed, 'boot-complete')[0] ?? missing('boot-complete'),
    findings: [...logFindings(truncated, proved), ...findings],
  }
}

type Kind = keyof EsxiStatements
interface FactEvent<K extends Kind> {
  readonly fact: Fact<EsxiStatements[K]>
  readonly event: number
}

/** Facts of all events of a kind: verified when the events are, and their places allow it. */
function factsOf<K extends Kind>(placed: readonly PlacedEvent[], kind: K): readonly FactEvent<K>[] {
  return placed.flatMap(({ said, doubt }) => {
    if (said.kind !== kind) return []
    const content = said.content as Fact<EsxiStatements[K]>
    return [
      { fact: doubt === undefined ? content : doubted(content, doubt), event: said.event, pcr: said.pcr },
    ]
  })
}

function allOf<K extends Kind>(placed: readonly PlacedEvent[], kind: K): readonly Fact<EsxiStatements[K]>[] {
  return factsOf(placed, kind).map(({ fact }) => fact)
}

/** The fact of a kind of which there may be one event. */
function onlyOne<K extends Kind>(placed: readonly PlacedEvent[], kind: K): Fact<EsxiStatements[K]> {
  const [first, second] = factsOf(placed, kind)
  if (first === undefined) return missing(kind)
  if (second === undefined) return first.fact
  return doubted(first.fact, `events ${first.event} and ${second.event} are both of the kind ${kind}`)
}

function missing<K extends Kind>(kind: K): Fact<EsxiStatements[K]> {
  return { verified: false, hint: undefined, reason: `the log has no event of the kind ${kind}` }
}

function doubted<T>(fact: Fact<T>, reason: string): Fact<T> {
  return fact.verified ? { verified: false, hint: fact.value, reason } : fact
}

/**
 * The asset tag is the last that the boot loader measures, and a host need not have one: so only what was measured
 * between the command line and the end of the boot is one.
 */
function assetTagFact(placed: readonly PlacedEvent[], commandLine: Fact<string>): Fact<Uint8Array> {
  const fact = onlyOne(placed, 'asset-tag')
  if (!fact.verified) return fact
  if (!commandLine.verified) return doubted(fact, 'the command line, which comes before it, is not verified')
  const closed = placed.some(({ said }) => said.kind === 'boot-complete' && said.pcr === esxiPcrs.variable)
  return closed ? fact : doubted(fact, `PCR ${esxiPcrs.variable} was not closed: anyone may have added it`)
}

/** An option that is stated more than once could be either. */
function securityOptionFacts(placed: readonly PlacedEvent[]): readonly Fact<string>[] {
  const facts = allOf(placed, 'security-option')
  const keyOf = (fact: Fact<string>): string =>
    (fact.verified ? fact.value : (fact.hint ?? '')).split('=', 1)[0] ?? ''
  const keys = facts.map(keyOf)
  return facts.map((fact, i) => {
    const key = keys[i] ?? ''
    return keys.indexOf(key) === keys.lastIndexOf(key)
      ? fact
      : doubted(fact, `${key} is stated more than once`)
  })
}

function moduleReader(log: TcgEventLog, bank: HashAlgorithm, proved: ReadonlySet<number>) {
  const empty = digestOf(bank, emptyFile)
  return ({ said }: PlacedEvent): EsxiModule => {
    const { event, pcr, digest } = said
    return {
      event,
      pcr,
      name: fileOf(said),
      digest: proved.has(pcr)
        ? { verified: true, value: digest, event }
        : { verified: false, hint: digest, reason: `PCR ${pcr} is not proved by the log` },
      digests: log.events[event]?.digests ?? new Map(),
      empty: equalBytes(digest, empty),
    }
  }
}

function logFindings(truncated: boolean, proved: ReadonlySet<number>): readonly EsxiFinding[] {
  const unproved = esxiPcrNumbers
    .filter((pcr) => !proved.has(pcr))
    .map((pcr) => ({
      kind: 'unproved' as const,
      event: undefined,
      pcr,
      reason: `PCR ${pcr} is not proved by the log`,
    }))
  const reason = 'the firmware had no room for the whole log'
  return truncated ? [{ kind: 'truncated', event: undefined, pcr: undefined, reason }, ...unproved] : unproved
}
