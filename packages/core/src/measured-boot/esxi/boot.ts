import { equalBytes } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import type { Fact } from '../fact.js'
import { declaredBank } from '../replay.js'
import type { TcgEventLog } from '../tcg/event-log.js'
import {
  allOf,
  assetTagFact,
  commandLineFact,
  missing,
  securityOptionFacts,
  signerFacts,
  versionFacts,
} from './boot-statements.js'
import { esxiEvents } from './events.js'
import { type EsxiFinding, emptyFile, fileOf, type PlacedEvent, placeEvents } from './findings.js'
import { esxiPcrNumbers, esxiPcrs } from './placement.js'
import type { EsxiVersion } from './version-record.js'

/** A file that was loaded, or anything else that a file may have been measured under. */
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

/**
 * What a log says about a boot of ESXi. A fact is verified when the log could not say otherwise of the same PCRs,
 * however its writer labelled events, whatever he added to PCRs later, and whatever files he had loaded. This holds
 * where the system is what it should be: all modules found by {@link matchModules}, and no findings.
 */
export interface EsxiBoot {
  /** The bank that the digests and facts are of. */
  readonly bank: HashAlgorithm
  /** Everything in PCRs 11 to 13 that may be a file, in order. */
  readonly modules: readonly EsxiModule[]
  /** Files of options, and whatever else in PCR 14 may be one, in order. */
  readonly options: readonly EsxiModule[]
  /** Path of the kernel's file, and its options after a space. */
  readonly commandLine: Fact<string>
  /**
   * Certificates and public keys (DER) that modules were verified with. When verified, no other was used; a file of
   * options can have the same bytes, so that one of them was used is not said.
   */
  readonly signers: readonly Fact<Uint8Array>[]
  /** What the owner wrote into the TPM to tell the host by. Needs {@link EsxiBootOptions.closedPcrs}. */
  readonly assetTag: Fact<Uint8Array>
  /**
   * Version records of core modules: hints, because a file of the same bytes is measured in the same way. What proves a
   * version is the image that the modules are of.
   */
  readonly versions: readonly Fact<EsxiVersion>[]
  /** Options as they are in effect, `KEY=VALUE`. Needs {@link EsxiBootOptions.closedPcrs}. */
  readonly securityOptions: readonly Fact<string>[]
  /** Whether the end of the boot was measured, and into which PCR: what comes after is not of the boot. ESXi 8.0.1. */
  readonly bootComplete: Fact<number>
  /** What an honest boot does not have. */
  readonly findings: readonly EsxiFinding[]
}

/** What {@link esxiBoot} may be told. */
export interface EsxiBootOptions {
  /** Whether the firmware said that its log is truncated. */
  readonly truncated?: boolean
  /**
   * Digests, in the bank, of the decompressed files of options (`jumpstrt.gz` and so on) that the caller approves. With
   * a file of unknown contents in PCR 14 nothing in there is verified, because the log could call anything such a file.
   */
  readonly knownFiles?: Iterable<Uint8Array>
  /**
   * PCRs that the approved kernel is known to close with Boot Complete, before anyone else can add to them; none by
   * default. ESXi closes PCRs from 8.0.1 on; which, a host of one's own shows. Anyone can add Boot Complete later: only
   * this knowledge makes it a proof that nothing came between.
   */
  readonly closedPcrs?: Iterable<number>
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
  { truncated = false, knownFiles = [], closedPcrs = [] }: EsxiBootOptions = {},
): EsxiBoot {
  const algorithm = declaredBank(log, bank)
  const proved = new Set(matching)
  const { placed, findings } = placeEvents(esxiEvents(log, bank, proved), algorithm, knownFiles)
  const files = placed.filter(({ maybeFile, said }) => maybeFile && esxiPcrNumbers.includes(said.pcr))
  const toModule = moduleReader(log, algorithm, proved)
  const commandLine = commandLineFact(placed)
  const closed = new Set(closedPcrs)
  return {
    bank: algorithm,
    modules: files.filter(({ said }) => said.pcr !== esxiPcrs.variable).map(toModule),
    options: files.filter(({ said }) => said.pcr === esxiPcrs.variable).map(toModule),
    commandLine,
    signers: signerFacts(placed, commandLine),
    assetTag: assetTagFact(placed, commandLine, closed),
    versions: versionFacts(placed),
    securityOptions: securityOptionFacts(placed, commandLine, closed),
    bootComplete: allOf(placed, 'boot-complete')[0] ?? missing('boot-complete'),
    findings: [...logFindings(truncated, proved), ...findings],
  }
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
