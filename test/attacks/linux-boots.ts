/**
 * Boots of Linux that a host may show: honest ones, and pieces to forge others from.
 * @module
 */
import { concatBytes, utf8 } from '@trusthold/core/bytes'
import { bootFacts, eventTypes, type LinuxBoot, parseEventLog } from '@trusthold/core/measured-boot'
import { type BuiltEvent, eventLog } from '@trusthold/core/testing'

const { EV_IPL, EV_EVENT_TAG, EV_EFI_BOOT_SERVICES_APPLICATION } = eventTypes
/** The command line that the policies here ask for. */
export const approvedLine = 'root=/dev/vda1 roothash=00ff ro quiet'

const utf16 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf16le'))

/** What GRUB ran, and what it made of it. */
export const grub = (text: string, prefix = 'grub_cmd: '): BuiltEvent => ({
  pcr: 8,
  type: EV_IPL,
  data: `${prefix}${text}\0`,
  digestOf: text,
})
/** The command line that GRUB made of a command. */
export const grubLine = (text: string): BuiltEvent => grub(text, 'kernel_cmdline: ')
/** A file that GRUB read. */
export const file = (path: string, content: string): BuiltEvent => ({
  pcr: 9,
  type: EV_IPL,
  data: `${path}\0`,
  digestOf: content,
})
/** An image that the firmware loaded. */
export const image = (content: string): BuiltEvent => ({
  pcr: 4,
  type: EV_EFI_BOOT_SERVICES_APPLICATION,
  data: new Uint8Array(32),
  digestOf: content,
})
/** A text that systemd's loaders measured. */
export const options = (text: string): BuiltEvent => ({ pcr: 12, type: EV_IPL, data: utf16(`${text}\0`) })
/** An archive that systemd-stub measured. */
export const archive = (name: string, content: string, pcr = 12): BuiltEvent => ({
  pcr,
  type: EV_IPL,
  data: utf16(`${name}\0`),
  digestOf: content,
})
/** A section of a kernel image. */
export const section = (name: string, content: string): readonly BuiltEvent[] =>
  [`${name}\0`, content].map((digestOf) => ({ pcr: 11, type: EV_IPL, data: utf16(`${name}\0`), digestOf }))
/** What the kernel's stub was given. */
export function givenToKernel(text: string): BuiltEvent {
  const label = utf8('LOADED_IMAGE::LoadOptions\0')
  const data = concatBytes(Uint8Array.of(0xed, 0x22, 0x3b, 0x8f, label.length, 0, 0, 0), label)
  return { pcr: 9, type: EV_EVENT_TAG, data, digestOf: utf16(`${text}\0`) }
}

/** A boot by GRUB with a command line. */
export const grubBoot = (line: string): readonly BuiltEvent[] => [
  image('shim'),
  image('grub'),
  grub('insmod linux'),
  grub(`linux /vmlinuz ${line}`),
  file('/vmlinuz', 'kernel'),
  image('kernel'),
  grubLine(`/vmlinuz ${line}`),
  grub('initrd /initrd.img'),
  file('/initrd.img', 'initrd'),
]

/** A boot of a unified kernel image that has everything in it. */
export const ukiBoot = (line: string): readonly BuiltEvent[] => [
  image('systemd-boot'),
  image('uki'),
  options(line),
  ...section('.linux', 'kernel'),
  ...section('.osrel', 'ID=x'),
  ...section('.cmdline', line),
  ...section('.initrd', 'initrd'),
]

/** PCRs 0 to 23. */
export const all: readonly number[] = Array.from({ length: 24 }, (_, pcr) => pcr)

/** What a verifier finds out about a boot when the quote covers some PCRs. */
export function verifyBoot(events: readonly BuiltEvent[], quoted: readonly number[] = all): LinuxBoot {
  const builder = eventLog().specId()
  for (const event of events) builder.event(event)
  return bootFacts(parseEventLog(builder.build().bytes), 'sha256', quoted).linux
}
