import { equalBytes } from '../../bytes/index.js'
import { digestOf } from '../../tpm2/index.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import { lazyMembers } from '../lazy-members.js'
import type { ProvedLog } from '../proved-log.js'
import type { MeasuredEvent } from '../record.js'
import {
  type BootPhase,
  bootPhases,
  kernelBootPcr,
  phaseBytes,
  sectionNameBytes,
  type UkiSectionName,
  ukiSectionNames,
} from './kernel-boot-pcr.js'
import { unproved } from './measured-object.js'

/** A section of a unified kernel image, as systemd-stub measured it. */
export interface MeasuredSection {
  readonly name: UkiSectionName
  /** Of its contents. */
  readonly digest: Uint8Array
  /** The event that measured the contents. */
  readonly event: number
}

/** What PCR 11 says of a unified kernel image and of how far the boot went. */
export interface UkiBoot {
  /** Its sections, in the order of measurement; none when PCR 11 was not extended by systemd-stub. */
  readonly sections: Fact<readonly MeasuredSection[]>
  /** The phases, as systemd's own log has them. */
  readonly phases: Fact<readonly BootPhase[]>
  /** The first event in PCR 11 that is neither, by index; none when there is none. */
  readonly strangers: readonly number[]
}

/**
 * Reads PCR 11, by digests alone: systemd-stub extends the digest of a section's name and then that of its contents, in
 * a fixed order, and later systemd extends words. So what a digest is of, the digests before it say, and no label does.
 * Whatever does not fit makes all of it doubtful: sections that were added after the boot would come in the wrong order
 * or after a phase. Only where no phase was measured can root add such as come after all that the image has.
 */
export function readUkiBoot(log: ProvedLog): UkiBoot {
  const events = [...log.eventsOf(kernelBootPcr), ...log.laterEventsOf(kernelBootPcr)]
  const read = lazyMembers({ pcr: () => readKernelBootPcr(log, events) })
  const state = <T>(items: readonly T[]): Fact<readonly T[]> => {
    if (!log.isProved(kernelBootPcr)) return doubtedFact(unproved(kernelBootPcr), items)
    const { stranger } = read.pcr
    if (stranger === undefined) return provedFact(items)
    const reason = `event ${stranger} in PCR ${kernelBootPcr} is neither a section of a kernel image nor a phase`
    return doubtedFact(reason, items)
  }
  return lazyMembers<UkiBoot>({
    sections: () => state(read.pcr.sections),
    phases: () => state(read.pcr.phases),
    strangers: () => (read.pcr.stranger === undefined ? [] : [read.pcr.stranger]),
  })
}

interface KernelBootPcr {
  readonly sections: readonly MeasuredSection[]
  readonly phases: readonly BootPhase[]
  /** Index of the first event that fits nowhere. */
  readonly stranger: number | undefined
}

function readKernelBootPcr(log: ProvedLog, events: readonly MeasuredEvent[]): KernelBootPcr {
  const sections: MeasuredSection[] = []
  const phases: BootPhase[] = []
  const names = ukiSectionNames.map((name) => digestOf(log.bank, sectionNameBytes(name)))
  const words = bootPhases.map((phase) => digestOf(log.bank, phaseBytes(phase)))
  const done = (stranger?: MeasuredEvent) => ({ sections, phases, stranger: stranger?.index })
  let place = 0
  let next = 0
  for (let event = events[next]; event !== undefined; event = events[next]) {
    const digest = log.digestOf(event)
    const name = phases.length > 0 ? -1 : names.findIndex((one) => equalBytes(one, digest))
    const word = words.findIndex((one) => equalBytes(one, digest))
    const content = events[next + 1]
    if (name >= place && content !== undefined) {
      const section = ukiSectionNames[name] as UkiSectionName
      sections.push({ name: section, digest: log.digestOf(content), event: content.index })
      place = name + 1
      next += 2
    } else if (word !== -1) {
      phases.push(bootPhases[word] as BootPhase)
      next += 1
    } else return done(event)
  }
  return done()
}
