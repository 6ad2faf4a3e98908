import type { Fact } from '../fact.js'
import type { LinuxBoot } from './linux-boot.js'
import { itemsOf } from './measured-object.js'
import type { ConfigurationItem } from './systemd-configuration.js'

/**
 * What is not measured on the way to Linux, or not as what it is called.
 * - `command-line-unmeasured`: not even by its digest.
 * - `command-line-doubtful`: its text is in the log, but something else could be the command line.
 * - `command-line-unconfirmed`: the kernel measured another one than its loader.
 * - `command-line-extended`: a kernel image has one of its own, and a loader measured more.
 * - `kernel-unmeasured`, `initrd-unmeasured`: not even by a digest.
 * - `kernel-by-label`, `initrd-by-label`: which digest is theirs, only a path, a tag or a place says.
 * - `configuration-added`, `extension-added`: files beside the kernel image that take part in the boot.
 * - `event-unknown`: an event in PCR 8, 11, 12 or 13 of which nothing is known.
 */
export type LinuxFindingCode =
  | 'command-line-unmeasured'
  | 'command-line-doubtful'
  | 'command-line-unconfirmed'
  | 'command-line-extended'
  | 'kernel-unmeasured'
  | 'kernel-by-label'
  | 'initrd-unmeasured'
  | 'initrd-by-label'
  | 'configuration-added'
  | 'extension-added'
  | 'event-unknown'

/**
 * Something about a boot of Linux that a verifier may refuse. None is a proof of good order: only facts are, and who
 * refuses findings must ask for the facts too.
 */
export interface LinuxFinding {
  readonly code: LinuxFindingCode
  readonly reason: string
  /** The event that shows it, by index; absent when something is missing. */
  readonly event?: number
}

/** What is not measured, or not as what it is called. */
export function findLinuxOddities(boot: LinuxBoot): readonly LinuxFinding[] {
  return [
    ...judgeCommandLine(boot),
    ...judgeObject(boot.kernel, 'kernel-unmeasured', 'kernel-by-label'),
    ...judgeObject(boot.initrd, 'initrd-unmeasured', 'initrd-by-label'),
    ...judgeConfiguration(boot),
    ...judgeStrangers(boot),
  ]
}

function judgeCommandLine({ commandLine, uki, efiStub }: LinuxBoot): readonly LinuxFinding[] {
  const value = commandLine.verified ? commandLine.value : commandLine.hint
  const { loadOptions } = efiStub
  if (value === undefined) {
    const inImage = itemsOf(uki.sections).some(({ name }) => name === '.cmdline')
    if (inImage || loadOptions !== undefined || commandLine.verified) return []
    return [{ code: 'command-line-unmeasured', reason: commandLine.reason }]
  }
  const findings: LinuxFinding[] = []
  if (!commandLine.verified) findings.push({ code: 'command-line-doubtful', reason: commandLine.reason })
  if (loadOptions !== undefined && value.confirmedBy === undefined) {
    const reason = 'the kernel measured another command line than its loader'
    findings.push({ code: 'command-line-unconfirmed', reason, event: loadOptions.event })
  }
  return findings
}

function judgeObject<T>(
  fact: Fact<T>,
  unmeasured: LinuxFindingCode,
  byLabel: LinuxFindingCode,
): readonly LinuxFinding[] {
  if (fact.verified) return []
  return [{ code: fact.hint === undefined ? unmeasured : byLabel, reason: fact.reason }]
}

function judgeConfiguration(boot: LinuxBoot): readonly LinuxFinding[] {
  const { configuration, extensions, uki, commandLine } = boot
  const hasOwn = itemsOf(uki.sections).some(({ name }) => name === '.cmdline') && !commandLine.verified
  return [
    ...itemsOf(configuration).flatMap((item) => {
      if (item.kind !== 'options') return [addition('configuration-added', item)]
      return hasOwn ? [addition('command-line-extended', item)] : []
    }),
    ...itemsOf(extensions).map((item) => addition('extension-added', item)),
  ]
}

function addition(code: LinuxFindingCode, { event, kind, pcr }: ConfigurationItem): LinuxFinding {
  return kind === 'other'
    ? { code: 'event-unknown', reason: `event ${event} is nothing that is known in PCR ${pcr}`, event }
    : { code, reason: `event ${event} adds to the kernel image: ${kind}`, event }
}

/** The first one of each PCR. */
function judgeStrangers({ grub, uki }: LinuxBoot): readonly LinuxFinding[] {
  return [grub.strangers, uki.strangers].flatMap(([event]) => {
    if (event === undefined) return []
    return [{ code: 'event-unknown', reason: `event ${event} is nothing that is known in its PCR`, event }]
  })
}
