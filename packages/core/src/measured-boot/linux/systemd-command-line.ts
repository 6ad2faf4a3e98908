import { equalBytes, utf8 } from '../../bytes/index.js'
import { digestOf } from '../../tpm2/index.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { KernelCommandLine } from './command-line.js'
import { isFirstLoadOptions } from './efi-stub.js'
import { commandPcr } from './grub.js'
import { extendedLater, unproved } from './measured-object.js'
import { readWideText } from './measured-text.js'
import { type ConfigurationItem, configurationPcr } from './systemd-configuration.js'
import type { MeasuredSection, UkiBoot } from './uki.js'

/**
 * The kernel's command line as systemd's loaders measured it: in PCR 12, and before version 251 of systemd in PCR 8. Both
 * systemd-boot and systemd-stub measure it, so it may be there twice.
 *
 * Where no GRUB ran, what the kernel's stub was given is the first thing in PCR 9. When that is a text that the loaders
 * measured, or all of them together, it is the command line. Otherwise the only text is the command line when nothing
 * else adds to it: an event whose digest is of something else could hide another text, and of a kernel image that brings
 * its own the log has only the digest. That can be the digest of the measured text, for systemd-boot measures what it
 * finds in the image.
 */
export function systemdCommandLine(
  log: ProvedLog,
  items: readonly ConfigurationItem[],
  uki: UkiBoot,
): Fact<KernelCommandLine> {
  const old = items.length === 0
  const pcr = old ? commandPcr : configurationPcr
  const texts = old ? oldTexts(log) : items.map(({ kind, text }) => (kind === 'options' ? text : undefined))
  const options = [...new Set(texts.filter((text) => text !== undefined).map(withoutControls))]
  const given = [...options, options.join(' ')].find((text) => isFirstLoadOptions(log, text))
  if (given !== undefined) return provedFact(toCommandLine(given))
  const [text, ...others] = options
  if (text === undefined) return doubtedFact("systemd's loaders measured no command line of a kernel")
  const doubt = (reason: string): Fact<KernelCommandLine> => doubtedFact(reason, toCommandLine(text))
  // That the newer place is empty has to be known too: else its events could have been left out.
  for (const place of [configurationPcr, pcr]) {
    if (!log.isProved(place)) return doubt(unproved(place))
    if (log.laterEventsOf(place).length > 0) return doubt(extendedLater(place))
  }
  if (others.some((other) => other.trim() !== text.trim())) {
    return doubt(`PCR ${pcr} has several texts that could be the command line, or parts of it`)
  }
  const hidden = old
    ? texts.some((one) => one === undefined)
    : items.some(({ kind }) => kind !== 'options' && kind !== 'profile')
  if (hidden) return doubt(`PCR ${pcr} has events that could hide another command line`)
  if (!uki.sections.verified) return doubt(uki.sections.reason)
  const own = uki.sections.value.find(({ name }) => name === '.cmdline')
  if (own !== undefined && !isContentOf(log, own, text)) {
    return doubt('the kernel image has another command line of its own, of which the log has only the digest')
  }
  return provedFact(toCommandLine(text), own?.event)
}

function oldTexts(log: ProvedLog): readonly (string | undefined)[] {
  return log.eventsOf(commandPcr).map((event) => readWideText(log, event))
}

/** As systemd-stub passes it on. White space at its ends, systemd-stub takes away and systemd-boot does not. */
function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

function toCommandLine(text: string): KernelCommandLine {
  return { source: 'systemd', text, image: undefined, parameters: text.trim() }
}

/** What may stand behind the text in the section: nothing, or what editors and linkers put there. */
const endings = ['', '\0', '\n', '\n\0']

/** Whether a section holds just this text. */
function isContentOf(log: ProvedLog, { digest }: MeasuredSection, text: string): boolean {
  return endings.some((ending) => equalBytes(digestOf(log.bank, utf8(`${text}${ending}`)), digest))
}
