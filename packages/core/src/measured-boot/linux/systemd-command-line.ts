import { doubtedFact, type Fact, provedFact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { KernelCommandLine } from './command-line.js'
import { commandPcr } from './grub.js'
import { unproved } from './measured-object.js'
import { readWideText } from './measured-text.js'
import { type ConfigurationItem, configurationPcr } from './systemd-configuration.js'
import type { UkiBoot } from './uki.js'

/**
 * The kernel's command line as systemd's loaders measured it: in PCR 12, and before version 251 of systemd in PCR 8. Both
 * systemd-boot and systemd-stub measure it, so it may be there twice.
 *
 * It is the whole command line only when nothing else adds to it: a kernel image that brings its own is known only by
 * its digest, and an event whose digest is of something else could hide another one.
 */
export function systemdCommandLine(
  log: ProvedLog,
  items: readonly ConfigurationItem[],
  uki: UkiBoot,
): Fact<KernelCommandLine> {
  const old = items.length === 0
  const pcr = old ? commandPcr : configurationPcr
  const texts = old ? oldTexts(log) : items.map(({ kind, text }) => (kind === 'options' ? text : undefined))
  const options = texts.filter((text) => text !== undefined)
  const [text] = options
  if (text === undefined) return doubtedFact("systemd's loaders measured no command line of a kernel")
  const commandLine: KernelCommandLine = {
    source: 'systemd',
    text,
    image: undefined,
    parameters: text.trim(),
  }
  const doubt = (reason: string): Fact<KernelCommandLine> => doubtedFact(reason, commandLine)
  if (!log.isProved(pcr)) return doubt(unproved(pcr))
  if (log.laterEventsOf(pcr).length > 0) return doubt(`the operating system extended PCR ${pcr}`)
  if (options.some((other) => plain(other) !== plain(text))) {
    return doubt(`PCR ${pcr} has several texts that could be the command line, or parts of it`)
  }
  const hidden = old
    ? texts.some((one) => one === undefined)
    : items.some(({ kind }) => kind !== 'options' && kind !== 'profile')
  if (hidden) return doubt(`PCR ${pcr} has events that could hide another command line`)
  if (!uki.sections.verified) return doubt(uki.sections.reason)
  if (uki.sections.value.some(({ name }) => name === '.cmdline')) {
    return doubt('the kernel image has a command line of its own, of which the log has only the digest')
  }
  return provedFact(commandLine)
}

function oldTexts(log: ProvedLog): readonly (string | undefined)[] {
  return log.eventsOf(commandPcr).map((event) => readWideText(log, event))
}

/** systemd-stub takes white space away at both ends and makes control characters spaces; systemd-boot does not. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').trim()
}
