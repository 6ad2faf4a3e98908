import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import {
  bootFacts,
  eventTypes,
  type LinuxBoot,
  type MeasurementLog,
  parseEventLog,
  parseSystemdLog,
} from '../../../src/measured-boot/index.js'
import { type BuiltEvent, eventLog } from '../../../src/testing/index.js'

const { EV_IPL, EV_EVENT_TAG } = eventTypes

/** UTF-16, little-endian. */
export const utf16 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf16le'))
/** As events hash it. */
export const sha256 = (data: Uint8Array | string): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(data).digest())

const grubPrefixes = { command: 'grub_cmd: ', kernel: 'kernel_cmdline: ', module: 'module_cmdline: ' }

/** A text that GRUB measures. */
export function grub(text: string, label: keyof typeof grubPrefixes = 'command'): BuiltEvent {
  return { pcr: 8, type: EV_IPL, data: `${grubPrefixes[label]}${text}\0`, digestOf: text }
}

/** A kernel that GRUB loads: its command, and what GRUB makes of it. */
export function grubLinux(commandLine: string, command = 'linux'): readonly BuiltEvent[] {
  return [grub(`${command} ${commandLine}`), grub(commandLine, 'kernel')]
}

/** A file that GRUB reads. */
export const file = (path: string, content: string): BuiltEvent => ({
  pcr: 9,
  type: EV_IPL,
  data: `${path}\0`,
  digestOf: content,
})

/** A text that systemd's loaders measure. */
export const options = (text: string, pcr = 12): BuiltEvent => ({
  pcr,
  type: EV_IPL,
  data: utf16(`${text}\0`),
})

/** Something that systemd's loaders measure under a name. */
export const archive = (label: string, content: string, pcr = 12): BuiltEvent => ({
  pcr,
  type: EV_IPL,
  data: utf16(`${label}\0`),
  digestOf: content,
})

/** A tagged event with a label. */
export function tagged(pcr: number, id: number, label: Uint8Array, content: Uint8Array | string): BuiltEvent {
  const head = new DataView(new ArrayBuffer(8))
  head.setUint32(0, id, true)
  head.setUint32(4, label.length, true)
  const data = concatBytes(new Uint8Array(head.buffer), label)
  return { pcr, type: EV_EVENT_TAG, data, digestOf: content }
}

/** What the kernel's EFI stub is given. */
export const loadOptions = (content: Uint8Array): BuiltEvent =>
  tagged(9, 0x8f3b22ed, utf8('LOADED_IMAGE::LoadOptions\0'), content)
/** The initial file system as the kernel's EFI stub gets it. */
export const stubInitrd = (content: string): BuiltEvent =>
  tagged(9, 0x8f3b22ec, utf8('Linux initrd\0'), content)

/** A section of a unified kernel image. */
export function section(name: string, content: Uint8Array | string): readonly BuiltEvent[] {
  const label = utf16(`${name}\0`)
  return [
    { pcr: 11, type: EV_IPL, data: label, digestOf: `${name}\0` },
    { pcr: 11, type: EV_IPL, data: label, digestOf: content },
  ]
}

/** An image that the firmware loads. */
export const image = (content: string): BuiltEvent => ({
  pcr: 4,
  type: eventTypes.EV_EFI_BOOT_SERVICES_APPLICATION,
  data: new Uint8Array(32),
  digestOf: content,
})

/** systemd's log of what it measures. */
export function systemdLog(...records: readonly { pcr: number; string: string }[]): MeasurementLog {
  const texts = records.map(({ pcr, string }) => {
    const digests = [{ hashAlg: 'sha256', digest: Buffer.from(sha256(string)).toString('hex') }]
    const content = { eventType: 'phase', string }
    return `\x1e${JSON.stringify({ pcr, digests, content_type: 'systemd', content })}\n`
  })
  return parseSystemdLog(utf8(texts.join('')))
}

/** PCRs 0 to 23. */
export const all: readonly number[] = Array.from({ length: 24 }, (_, pcr) => pcr)
/** PCRs 0 to 23 without some. */
export const without = (...pcrs: readonly number[]): readonly number[] =>
  all.filter((pcr) => !pcrs.includes(pcr))

/** What is known of a boot by its events, with all PCRs proved unless said otherwise. */
export function linuxOf(
  events: readonly (BuiltEvent | readonly BuiltEvent[])[],
  matching: readonly number[] = all,
  later: readonly MeasurementLog[] = [],
): LinuxBoot {
  const builder = eventLog().specId()
  for (const event of events.flat()) builder.event(event)
  return bootFacts(parseEventLog(builder.build().bytes), 'sha256', matching, later).linux
}
