import type { BootFacts, ImaEntry, ImaLog, SystemdFacts, TcgEventLog } from '../measured-boot/index.js'
import { type BankSelection, toBankSelections } from '../tpm2/index.js'
import type { ClockFacts } from './clock.js'
import type { ProvedBoot } from './log-checks.js'
import type { PcrValues, QuoteAttest } from './quote-checks.js'

/** What a good quote states. */
export interface QuoteFacts extends ClockFacts {
  readonly selection: readonly BankSelection[]
  readonly pcrDigest: Uint8Array
  /** Values of the quoted PCRs. */
  readonly pcrs: readonly PcrValues[]
  /** The event log, replayed to the quoted PCRs; undefined when none was given. */
  readonly eventLog: TcgEventLog | undefined
  /** What the logs prove about the boot, found out when it is first asked for; undefined when no event log was given. */
  readonly boot: BootFacts | undefined
  /** What systemd's log proves, found out when it is first asked for; undefined when it was not given. */
  readonly systemd: SystemdFacts | undefined
  /** IMA's list and how much of it the quote proves; undefined when none was given. */
  readonly ima: ProvedImaLog | undefined
}

/** A list of IMA whose beginning a quote proves. */
export interface ProvedImaLog {
  readonly log: ImaLog
  /** How far the quoted PCR 10 of every bank goes, in entries from the start; what follows was not judged. */
  readonly count: number
  /**
   * The entries up to there that PCR 10 proves: those that name another PCR are left out, for anyone can have written
   * them in between. Of a violation only that there was one is proved.
   */
  proved(): readonly ImaEntry[]
}

/** What {@link StatedFacts} is made of besides the quote itself. */
export interface FactSources {
  readonly obfuscated: boolean | undefined
  readonly pcrs: readonly PcrValues[]
  readonly boot: ProvedBoot | undefined
  readonly ima: ProvedImaLog | undefined
}

/**
 * The facts of a good quote. A class, because the getters are then on its prototype: in an object literal they would be
 * a new shape for each quote, which keeps the whole log until the next full garbage collection.
 */
export class StatedFacts implements QuoteFacts {
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: boolean
  readonly firmwareVersion: bigint
  readonly qualifiedSigner: Uint8Array
  readonly obfuscated: boolean | undefined
  readonly selection: readonly BankSelection[]
  readonly pcrDigest: Uint8Array
  readonly pcrs: readonly PcrValues[]
  readonly eventLog: TcgEventLog | undefined
  readonly ima: ProvedImaLog | undefined
  readonly #boot: ProvedBoot | undefined

  constructor(
    { clockInfo, firmwareVersion, qualifiedSigner, attested }: QuoteAttest,
    { obfuscated, pcrs, boot, ima }: FactSources,
  ) {
    this.clock = clockInfo.clock
    this.resetCount = clockInfo.resetCount
    this.restartCount = clockInfo.restartCount
    this.safe = clockInfo.safe
    this.firmwareVersion = firmwareVersion
    this.qualifiedSigner = qualifiedSigner
    this.obfuscated = obfuscated
    this.selection = toBankSelections(attested.pcrSelect)
    this.pcrDigest = attested.pcrDigest
    this.pcrs = pcrs
    this.eventLog = boot?.log
    this.ima = ima
    this.#boot = boot
  }

  get boot(): BootFacts | undefined {
    return this.#boot?.facts()
  }

  get systemd(): SystemdFacts | undefined {
    return this.#boot?.systemd()
  }
}
