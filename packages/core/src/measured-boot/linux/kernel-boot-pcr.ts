import { utf8 } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { extendPcr, initialValue } from '../pcr-states.js'

/** PCR of what a unified kernel image is made of, and of the phases of a boot. */
export const kernelBootPcr = 11

/**
 * Sections of a unified kernel image that systemd-stub measures, in its order, each with the version that began to.
 * `.pcrsig` is not among them: it signs the outcome. systemd, `src/fundamental/uki.h`; UAPI.5, Unified Kernel Image.
 */
const sections = {
  '.linux': 252,
  '.osrel': 252,
  '.cmdline': 252,
  '.initrd': 252,
  '.ucode': 256,
  '.splash': 252,
  '.dtb': 252,
  '.uname': 254,
  '.sbat': 254,
  '.pcrpkey': 252,
  '.profile': 257,
  '.dtbauto': 257,
  '.hwids': 257,
  '.efifw': 258,
} as const

/** Name of a section that systemd-stub measures. */
export type UkiSectionName = keyof typeof sections

/** Names of the sections that systemd-stub measures, in its order. */
export const ukiSectionNames = Object.keys(sections) as readonly UkiSectionName[]

/** Whether a version of systemd-stub, such as 252, measures a section. */
export function isMeasuredBy(version: number, name: UkiSectionName): boolean {
  return version >= sections[name]
}

/**
 * Words that systemd extends as the boot goes on and ends, in the order in which they come. systemd-pcrphase.service(8).
 */
export const bootPhases = ['enter-initrd', 'leave-initrd', 'sysinit', 'ready', 'shutdown', 'final'] as const
/** One of {@link bootPhases}. */
export type BootPhase = (typeof bootPhases)[number]

/** What is hashed of a section's name: its bytes with a NUL. */
export function sectionNameBytes(name: UkiSectionName): Uint8Array {
  return utf8(`${name}\0`)
}

/** What is hashed of a phase: its bytes, without a NUL. */
export function phaseBytes(phase: BootPhase): Uint8Array {
  return utf8(phase)
}

/**
 * The value that PCR 11 has once systemd-stub measured a unified kernel image and the boot went through the phases, as
 * `systemd-measure calculate` reckons it: name and contents of each section, then each phase. Empty sections are left
 * out, as the stub does.
 * @param contents as they lie in memory, so of each section's virtual size; see `readUkiSections`
 * @returns a new array of the bank's size
 * @throws ARGUMENT_INVALID without the section `.linux`
 */
export function expectedKernelBootPcr(
  bank: HashAlgorithm,
  contents: ReadonlyMap<UkiSectionName, Uint8Array>,
  phases: readonly BootPhase[] = [],
): Uint8Array {
  if ((contents.get('.linux')?.length ?? 0) === 0) {
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'contents', reason: 'there is no section .linux' })
  }
  const measured = ukiSectionNames.flatMap((name) => {
    const content = contents.get(name)
    return content === undefined || content.length === 0 ? [] : [sectionNameBytes(name), content]
  })
  const digests = [...measured, ...phases.map(phaseBytes)].map((bytes) => digestOf(bank, bytes))
  return extendPcr(bank, initialValue(kernelBootPcr, hashFacts(bank).size), digests)
}
