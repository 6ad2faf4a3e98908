import { doubtedFact, type Fact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import { commandPcr } from './grub.js'
import type { LinuxBoot } from './linux-boot.js'
import { itemsOf } from './measured-object.js'
import { readWideText } from './measured-text.js'
import { readItem } from './systemd-configuration.js'

/** What loads a kernel: GRUB, a kernel image's own stub, systemd-boot, or the firmware, which starts the kernel's stub. */
export type BootLoader = 'grub' | 'systemd-stub' | 'systemd-boot' | 'firmware'

/** PCR in which systemd-boot measures its own configuration. */
const loaderPcr = 5

/**
 * What seems to have loaded the kernel, by the form of what was measured. It is never verified: loaders do not measure who
 * they are, and whoever runs can measure in any form. PCR 4 has their images, and PCR 7 who vouched for them.
 */
export function loaderFact(log: ProvedLog, boot: LinuxBoot): Fact<BootLoader> {
  const loader = findLoader(log, boot)
  return loader === undefined
    ? doubtedFact('no loader of Linux measured anything')
    : doubtedFact('loaders do not measure who they are; PCR 4 has their images', loader)
}

function findLoader(log: ProvedLog, boot: LinuxBoot): BootLoader | undefined {
  if (itemsOf(boot.grub.texts).length > 0) return 'grub'
  if (itemsOf(boot.uki.sections).length > 0) return 'systemd-stub'
  const hasOptions =
    itemsOf(boot.configuration).some(({ kind }) => kind === 'options') ||
    log.eventsOf(commandPcr).some((event) => readWideText(log, event) !== undefined) ||
    log.eventsOf(loaderPcr).some((event) => readItem(log, event).kind === 'loader-configuration')
  if (hasOptions) return 'systemd-boot'
  const { initrd, loadOptions } = boot.efiStub
  return initrd === undefined && loadOptions === undefined ? undefined : 'firmware'
}
