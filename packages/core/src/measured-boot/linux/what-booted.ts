import { doubtedFact, type Fact, mapFact, provedFact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { KernelCommandLine } from './command-line.js'
import { filePcr, findLoadOptions } from './efi-stub.js'
import { commandPcr, type GrubBoot } from './grub.js'
import { hasGrubCommandLine } from './grub-command-line.js'
import { imagePcr } from './images.js'
import type { UkiSectionName } from './kernel-boot-pcr.js'
import { kernelBootPcr } from './kernel-boot-pcr.js'
import type { LinuxBoot } from './linux-boot.js'
import { extendedLater, itemsOf, type MeasuredObject, unproved } from './measured-object.js'
import { systemdCommandLine } from './systemd-command-line.js'

/** What GRUB of RHEL 8 calls what it loads, in place of their paths. */
const rhelLabels = { kernel: 'grub_linuxefi Kernel', initrd: 'grub_linuxefi Initrd' } as const

/** The kernel's command line, from whoever measured its text. */
export function commandLineFact(log: ProvedLog, boot: LinuxBoot): Fact<KernelCommandLine> {
  const { grub } = boot
  const systemd = systemdCommandLine(log, itemsOf(boot.configuration), boot.uki)
  const hasSystemd = systemd.verified || systemd.hint !== undefined
  const hasGrub = hasGrubCommandLine(itemsOf(grub.texts))
  if (!hasGrub && !hasSystemd) return doubtedFact(whyThereIsNone(boot))
  const fact = hasGrub ? grub.commandLine : systemd
  if (hasGrub && hasSystemd && fact.verified) {
    return doubtedFact('GRUB measured a command line, and so did a loader of systemd', fact.value)
  }
  return mapFact(fact, (commandLine) => {
    const event = log.isProved(filePcr) || !fact.verified ? findLoadOptions(log, commandLine) : undefined
    return event === undefined ? commandLine : { ...commandLine, confirmedBy: event }
  })
}

function whyThereIsNone({ uki, efiStub }: LinuxBoot): string {
  const section = itemsOf(uki.sections).find(({ name }) => name === '.cmdline')
  if (section !== undefined) {
    return `the command line is in the kernel image; the log has only its digest, in event ${section.event}`
  }
  return efiStub.loadOptions === undefined
    ? 'no command line of a kernel is measured'
    : `the log has only the digest of the command line, in event ${efiStub.loadOptions.event}`
}

/** The kernel's image: in a unified kernel image, or the file that GRUB was told to load, or what the firmware loaded last. */
export function kernelFact(log: ProvedLog, boot: LinuxBoot): Fact<MeasuredObject> {
  const section = sectionFact(log, boot, '.linux')
  if (section !== undefined) return section
  const { grub, files, images } = boot
  const path = hintOf(grub.commandLine)?.image
  const file = path === undefined ? undefined : findFile(files, path, rhelLabels.kernel)
  if (file !== undefined) {
    return doubtedFact(`only its path says that the file in event ${file.event} is the kernel`, file)
  }
  const image = itemsOf(images).at(-1)
  if (image === undefined) return doubtedFact('no kernel is measured')
  const { digest, events } = image
  const [event] = events
  const reason = `only its place says that the image in event ${event} is the kernel`
  return doubtedFact(reason, { event, pcr: imagePcr, digest, label: undefined })
}

/** The initial file systems: in a unified kernel image, or as the kernel got them, or the files that GRUB was told to load. */
export function initrdFact(log: ProvedLog, boot: LinuxBoot): Fact<readonly MeasuredObject[]> {
  const section = sectionFact(log, boot, '.initrd')
  if (section !== undefined) return mapFact(section, (object) => [object])
  const { grub, files, efiStub } = boot
  if (efiStub.initrd !== undefined) {
    const { event } = efiStub.initrd
    return doubtedFact(`only its tag says that event ${event} is the initial file system`, [efiStub.initrd])
  }
  const paths = itemsOf(grub.initrdPaths)
  const found = paths.flatMap((path) => findFile(files, path, rhelLabels.initrd) ?? [])
  return found.length > 0 && found.length === paths.length
    ? doubtedFact('only their paths say which files are the initial file systems', found)
    : doubtedFact('no initial file system is measured')
}

function findFile(files: LinuxBoot['files'], ...labels: readonly string[]): MeasuredObject | undefined {
  return itemsOf(files).findLast(({ label }) => label !== undefined && labels.includes(label))
}

function sectionFact(
  log: ProvedLog,
  { uki, grub }: LinuxBoot,
  name: UkiSectionName,
): Fact<MeasuredObject> | undefined {
  const section = itemsOf(uki.sections).find((one) => one.name === name)
  if (section === undefined) return undefined
  const { digest, event } = section
  const object = { event, pcr: kernelBootPcr, digest, label: name }
  const doubt = uki.sections.verified ? whyGrubMayHaveLoaded(log, grub) : uki.sections.reason
  return doubt === undefined ? provedFact(object, event) : doubtedFact(doubt, object)
}

/**
 * Why GRUB may have loaded a kernel by itself; undefined when PCR 8 shows that it loaded none. After such a boot PCR 11 is
 * empty, and whoever is root can extend it with the sections of any kernel image.
 */
function whyGrubMayHaveLoaded(log: ProvedLog, { texts, strangers }: GrubBoot): string | undefined {
  if (!log.isProved(commandPcr)) return `${unproved(commandPcr)}: GRUB may have loaded another kernel`
  if (log.laterEventsOf(commandPcr).length > 0) return extendedLater(commandPcr)
  const [stranger] = strangers
  if (stranger !== undefined)
    return `event ${stranger} in PCR ${commandPcr} may have had GRUB load another kernel`
  return hasGrubCommandLine(itemsOf(texts))
    ? 'GRUB measured the command line of a kernel, so it may have loaded another one'
    : undefined
}

function hintOf<T>(fact: Fact<T>): T | undefined {
  return fact.verified ? fact.value : fact.hint
}
