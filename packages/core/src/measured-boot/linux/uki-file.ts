import { bytesOf, type Codec, decodePrefix, type Infer, struct, u16le, u32le } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { isMeasuredBy, type UkiSectionName, ukiSectionNames } from './kernel-boot-pcr.js'

/** Where the DOS header says that the PE header is. Microsoft, PE Format. */
const peOffsetAt = 0x3c
const dosMagic = 0x5a4d
const peMagic = 0x4550
/** More than any image has, so that a false count takes no time. */
const maxSections = 1024
/** More than any image takes in memory, so that a false size takes none. */
const maxSectionSize = 1024 ** 3

const peHeader = struct('IMAGE_NT_HEADERS', {
  magic: u32le,
  machine: u16le,
  numberOfSections: u16le,
  skipped: bytesOf(12),
  sizeOfOptionalHeader: u16le,
  characteristics: u16le,
})
const peHeaderSize = 24

const sectionHeaderDef = struct('IMAGE_SECTION_HEADER', {
  name: bytesOf(8),
  virtualSize: u32le,
  virtualAddress: u32le,
  sizeOfRawData: u32le,
  pointerToRawData: u32le,
  skipped: bytesOf(16),
})
interface SectionHeader extends Infer<typeof sectionHeaderDef> {}
const sectionHeader: Codec<SectionHeader> = sectionHeaderDef
const sectionHeaderSize = 40

interface PeSection {
  readonly name: string
  readonly header: SectionHeader
}

/** Section in which systemd-stub says what it is. */
const stubSection = '.sdmagic'
const stubVersion = /^#### LoaderInfo: systemd-stub v?(\d{1,4})/

/**
 * Reads the sections of a unified kernel image that its systemd-stub measures, as they lie in memory: of their virtual
 * size, with zeros where the file has less. Which sections the stub measures depends on its version; of a file that does
 * not say it all are read. Of an image with several profiles those of one are read: the sections before the first
 * `.profile`, overridden by those that follow the profile's own. Of a section that is there twice the first counts.
 * @param profile number of the profile, 0 by default
 * @throws CODEC_* and ARGUMENT_INVALID for a file that is no PE file, or has no such profile
 */
export function readUkiSections(file: Uint8Array, profile = 0): ReadonlyMap<UkiSectionName, Uint8Array> {
  const sections = readSectionTable(file)
  const borders = sections.flatMap(({ name }, place) => (name === '.profile' ? [place] : []))
  if (profile !== 0 && borders[profile] === undefined) throw invalid(`it has no profile ${profile}`)
  const chosen = [
    sections.slice(borders[profile] ?? sections.length, borders[profile + 1]),
    sections.slice(0, borders[0]),
  ]
  const version = readStubVersion(file, sections)
  const contents = new Map<UkiSectionName, Uint8Array>()
  for (const { name, header } of chosen.flat()) {
    const known = ukiSectionNames.find((one) => one === name)
    if (known === undefined || contents.has(known)) continue
    if (version === undefined || isMeasuredBy(version, known)) contents.set(known, contentOf(file, header))
  }
  return contents
}

function readStubVersion(file: Uint8Array, sections: readonly PeSection[]): number | undefined {
  const section = sections.find(({ name }) => name === stubSection)
  if (section === undefined) return undefined
  const [, version] =
    stubVersion.exec(String.fromCharCode(...contentOf(file, section.header).subarray(0, 64))) ?? []
  return version === undefined ? undefined : Number(version)
}

function readSectionTable(file: Uint8Array): readonly PeSection[] {
  if (file.length < peOffsetAt + 4 || decodePrefix(u16le, file).value !== dosMagic) {
    throw invalid('it does not begin with a DOS header')
  }
  const start = decodePrefix(u32le, file, peOffsetAt).value
  const { value: pe } = decodePrefix(peHeader, file, start)
  if (pe.magic !== peMagic) throw invalid('it has no PE header')
  if (pe.numberOfSections > maxSections) throw invalid(`it has ${pe.numberOfSections} sections`)
  const table = start + peHeaderSize + pe.sizeOfOptionalHeader
  return Array.from({ length: pe.numberOfSections }, (_, i) => {
    const header = decodePrefix(sectionHeader, file, table + i * sectionHeaderSize).value
    return { name: nameOf(header), header }
  })
}

/** Eight bytes, filled up with NULs. */
function nameOf({ name }: SectionHeader): string {
  return String.fromCharCode(...name).replace(/\0+$/, '')
}

function contentOf(file: Uint8Array, header: SectionHeader): Uint8Array {
  const { virtualSize, sizeOfRawData, pointerToRawData } = header
  if (virtualSize > maxSectionSize) throw invalid(`section ${nameOf(header)} has ${virtualSize} bytes`)
  const size = Math.min(virtualSize, sizeOfRawData)
  if (pointerToRawData + size > file.length) throw invalid(`section ${nameOf(header)} ends behind the file`)
  const raw = file.subarray(pointerToRawData, pointerToRawData + size)
  if (size === virtualSize) return raw
  const content = new Uint8Array(virtualSize)
  content.set(raw)
  return content
}

function invalid(reason: string): TrustholdError {
  return new TrustholdError('ARGUMENT_INVALID', {
    name: 'file',
    reason: `no unified kernel image: ${reason}`,
  })
}
