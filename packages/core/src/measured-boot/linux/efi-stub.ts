import { equalBytes } from '../../bytes/index.js'
import { digestOf } from '../../tpm2/index.js'
import type { ProvedLog } from '../proved-log.js'
import type { KernelCommandLine } from './command-line.js'
import { type MeasuredObject, objectOf } from './measured-object.js'
import { encodeWide, encodeWideEnd } from './measured-text.js'
import { readTag } from './tag.js'

/** PCR of files that GRUB reads, and of what the kernel's own stub is given. */
export const filePcr = 9

/**
 * Tags under which the kernel's EFI stub measures what it is given. The tag is in the event's data and not in what is
 * hashed: a label. Linux, `drivers/firmware/efi/libstub/efistub.h`.
 */
export const efiStubTags = { initrd: 0x8f3b22ec, loadOptions: 0x8f3b22ed } as const

/** What the log says that the kernel's EFI stub measured into PCR 9. */
export interface EfiStubMeasurements {
  /** The whole initial file system, as the kernel got it. */
  readonly initrd: MeasuredObject | undefined
  /** The command line in UTF-16, as the kernel got it. */
  readonly loadOptions: MeasuredObject | undefined
}

/** Looks for the tags of the kernel's EFI stub; the last of each is its own, for it runs last. */
export function readEfiStub(log: ProvedLog): EfiStubMeasurements {
  const events = log.eventsOf(filePcr)
  const find = (tag: number, label: string): MeasuredObject | undefined => {
    const event = events.findLast((one) => readTag(one)?.id === tag)
    return event === undefined ? undefined : objectOf(log, event, label)
  }
  return {
    initrd: find(efiStubTags.initrd, 'initrd'),
    loadOptions: find(efiStubTags.loadOptions, 'load options'),
  }
}

/**
 * The event in PCR 9, under whatever label, whose digest is that of a command line as the kernel's EFI stub is given it:
 * by GRUB with `BOOT_IMAGE=` before it. Then the kernel itself measured the same text.
 */
export function findLoadOptions(log: ProvedLog, { text, source }: KernelCommandLine): number | undefined {
  const given = source === 'grub' ? `BOOT_IMAGE=${text}` : text
  const isGiven = matcher(log, [given, given.trim()])
  return log.eventsOf(filePcr).find((event) => isGiven(log.digestOf(event)))?.index
}

/**
 * Whether the first thing in PCR 9 is this text, as the kernel's EFI stub is given it, or the same without white space at
 * its ends. Without GRUB nothing else is measured there before.
 */
export function isFirstLoadOptions(log: ProvedLog, text: string): boolean {
  const [first] = log.eventsOf(filePcr)
  if (first === undefined || !log.isProved(filePcr) || text === '') return false
  return matcher(log, [text, text.trim()])(log.digestOf(first))
}

/** Load options are UTF-16; GRUB's end without a NUL. */
function matcher(log: ProvedLog, texts: readonly string[]): (digest: Uint8Array) => boolean {
  const digests = texts
    .flatMap((text) => [encodeWide(text), encodeWideEnd(text)])
    .map((bytes) => digestOf(log.bank, bytes))
  return (digest) => digests.some((each) => equalBytes(each, digest))
}
