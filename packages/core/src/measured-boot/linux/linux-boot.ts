import type { Fact } from '../fact.js'
import { lazyMembers } from '../lazy-members.js'
import type { ProvedLog } from '../proved-log.js'
import type { SecureBootState } from '../secure-boot/secure-boot.js'
import type { KernelCommandLine } from './command-line.js'
import { type EfiStubMeasurements, filePcr, readEfiStub } from './efi-stub.js'
import { type GrubBoot, readGrubBoot } from './grub.js'
import { type LoadedImage, readImages } from './images.js'
import { findLinuxOddities, type LinuxFinding } from './linux-findings.js'
import { type BootLoader, loaderFact } from './loader.js'
import { listFact, type MeasuredObject, objectOf } from './measured-object.js'
import { readFileLabel } from './measured-text.js'
import { readShim, type ShimState } from './shim.js'
import {
  type ConfigurationItem,
  configurationPcr,
  extensionPcr,
  readConfiguration,
} from './systemd-configuration.js'
import { readUkiBoot, type UkiBoot } from './uki.js'
import { commandLineFact, initrdFact, kernelFact } from './what-booted.js'

/**
 * What was measured on the way to a Linux kernel, by shim, GRUB, systemd's loaders and the kernel itself. Each member is
 * found out when it is asked for.
 *
 * A verified fact says what was measured into a PCR, and that it was measured as what it is called. That the software
 * which measured it can be believed, PCRs 4 and 7 must tell: a policy that rests on these facts has to pin its images,
 * or what vouched for them.
 */
export interface LinuxBoot {
  readonly shim: ShimState
  /** What the firmware loaded. */
  readonly images: Fact<readonly LoadedImage[]>
  readonly grub: GrubBoot
  /** Everything in PCR 9: files that GRUB read, and what the kernel's own stub was given. */
  readonly files: Fact<readonly MeasuredObject[]>
  readonly efiStub: EfiStubMeasurements
  readonly uki: UkiBoot
  /** Everything in PCR 12: options, credentials, add-ons. */
  readonly configuration: Fact<readonly ConfigurationItem[]>
  /** Everything in PCR 13: system extensions. */
  readonly extensions: Fact<readonly ConfigurationItem[]>
  /** The text that the kernel was started with; only one that is in the log and was measured as such is verified. */
  readonly commandLine: Fact<KernelCommandLine>
  /**
   * The kernel's image: verified when a unified kernel image has it, for else only a path or its place tells it, and PCR 8
   * shows that GRUB loaded none.
   */
  readonly kernel: Fact<MeasuredObject>
  /** The initial file systems: verified when a unified kernel image has them, as the kernel. */
  readonly initrd: Fact<readonly MeasuredObject[]>
  /** What seems to have loaded the kernel; only a hint. */
  readonly loader: Fact<BootLoader>
  /** What is not measured, or not as what it is called. */
  readonly findings: readonly LinuxFinding[]
}

/** Reads what was measured on the way to a Linux kernel. */
export function readLinuxBoot(log: ProvedLog, secureBoot: SecureBootState): LinuxBoot {
  const boot: LinuxBoot = lazyMembers<LinuxBoot>({
    shim: () => readShim(log, secureBoot),
    images: () => readImages(log),
    grub: () => readGrubBoot(log),
    files: () =>
      listFact(
        log,
        filePcr,
        log.eventsOf(filePcr).map((event) => objectOf(log, event, readFileLabel(event))),
      ),
    efiStub: () => readEfiStub(log),
    uki: () => readUkiBoot(log),
    configuration: () => readConfiguration(log, configurationPcr),
    extensions: () => readConfiguration(log, extensionPcr),
    commandLine: () => commandLineFact(log, boot),
    kernel: () => kernelFact(log, boot),
    initrd: () => initrdFact(log, boot),
    loader: () => loaderFact(log, boot),
    findings: () => findLinuxOddities(boot),
  })
  return boot
}
