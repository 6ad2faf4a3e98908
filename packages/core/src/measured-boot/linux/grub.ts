import { doubtedFact, type Fact, provedFact } from '../fact.js'
import { lazyMembers } from '../lazy-members.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'
import type { KernelCommandLine } from './command-line.js'
import { grubCommandLine } from './grub-command-line.js'
import { extendedLater, unproved } from './measured-object.js'
import { type GrubText, readGrubText, readWideText } from './measured-text.js'

/** PCR of GRUB's commands. */
export const commandPcr = 8

/** What GRUB measured. Its files are in PCR 9, with those of others. */
export interface GrubBoot {
  /** All that it ran, in order: verified when every event in PCR 8 is such a text. */
  readonly texts: Fact<readonly GrubText[]>
  /** The kernel's command line; see `grubCommandLine` for how it is told among the texts. */
  readonly commandLine: Fact<KernelCommandLine>
  /** Events in PCR 8 that are neither such a text nor one of systemd's loaders, by index. */
  readonly strangers: readonly number[]
  /** Paths of the initial file systems that its last `initrd` command loads; verified with the texts. */
  readonly initrdPaths: Fact<readonly string[]>
}

/** Reads what GRUB measured into PCR 8. */
export function readGrubBoot(log: ProvedLog): GrubBoot {
  const read = lazyMembers({
    events: () => log.eventsOf(commandPcr).map((event) => readGrubText(log, event) ?? event),
  })
  const grub: GrubBoot = lazyMembers<GrubBoot>({
    texts: () => textsFact(),
    strangers: () =>
      others().flatMap((event) => (readWideText(log, event) === undefined ? [event.index] : [])),
    commandLine: () => grubCommandLine(grub.texts),
    initrdPaths: () => initrdFact(grub.texts),
  })
  return grub

  function others(): readonly TcgEvent[] {
    return read.events.filter((event) => 'pcr' in event)
  }

  function textsFact(): Fact<readonly GrubText[]> {
    const texts = read.events.filter((event) => 'text' in event)
    const [other] = others()
    if (!log.isProved(commandPcr)) return doubtedFact(unproved(commandPcr), texts)
    if (other !== undefined) {
      return doubtedFact(`event ${other.index} in PCR ${commandPcr} is no text that GRUB measured`, texts)
    }
    if (log.laterEventsOf(commandPcr).length > 0) {
      return doubtedFact(extendedLater(commandPcr), texts)
    }
    return provedFact(texts)
  }
}

const initrdCommand = /^(?:initrd|initrdefi|initrd16) (.+)$/

function initrdFact(texts: Fact<readonly GrubText[]>): Fact<readonly string[]> {
  const all = texts.verified ? texts.value : (texts.hint ?? [])
  const commands = all.flatMap(({ text }) => initrdCommand.exec(text)?.[1] ?? [])
  const paths = commands.at(-1)?.split(' ') ?? []
  return texts.verified ? provedFact(paths) : doubtedFact(texts.reason, paths)
}
