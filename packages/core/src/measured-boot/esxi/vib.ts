import { fromHex } from '../../bytes/index.js'
import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import type { ImageDatabaseLimits } from './image-limits.js'
import { invalidFrom, invalidImage } from './invalid.js'
import { readXml, type XmlElement } from './xml.js'

/** Who stands behind a package, from its vendor's certification down to nobody; `unknown` for any other word. */
export type AcceptanceLevel = 'certified' | 'accepted' | 'partner' | 'community' | 'unknown'

/** A package (vSphere Installation Bundle) as its descriptor describes it. */
export interface Vib {
  /** As image profiles name it: vendor, type, name and version, with `_` between them. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly vendor: string
  /** Where it goes: `bootbank`, `locker`. */
  readonly type: string
  readonly acceptanceLevel: AcceptanceLevel
  readonly payloads: readonly VibPayload[]
}

/** A file of a package. */
export interface VibPayload {
  readonly name: string
  /** What it is: `boot`, `vgz`, `tgz` and others. */
  readonly type: string
  /** As it comes, in bytes. */
  readonly size: number
  /** Digests of the file as it comes. */
  readonly packed: ReadonlyMap<HashAlgorithm, Uint8Array>
  /** Digests of the file decompressed, which is what the boot loader measures. */
  readonly unpacked: ReadonlyMap<HashAlgorithm, Uint8Array>
}

const acceptanceLevels: readonly string[] = ['certified', 'accepted', 'partner', 'community']
/** Hash algorithms by the name that descriptors give them. */
const checksumTypes: Readonly<Record<string, HashAlgorithm>> = {
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
}

const wanted: readonly string[] = [
  'vib',
  'vib/type',
  'vib/name',
  'vib/version',
  'vib/vendor',
  'vib/acceptance-level',
  'vib/payloads',
  'vib/payloads/payload',
  'vib/payloads/payload/checksum',
]

/**
 * Reads the descriptor of a package. Its signature is in another file, and is not verified here.
 * @param file what errors call it
 * @throws BASE_IMAGE_INVALID with file, line and column
 */
export async function readVib(bytes: Uint8Array, file: string, limits: ImageDatabaseLimits): Promise<Vib> {
  const root = await readXml(bytes, file, wanted, limits)
  const [type, name, version, vendor] = ['type', 'name', 'version', 'vendor'].map((tag) =>
    requireText(root, tag),
  )
  const level = findOne(root, 'acceptance-level')?.text ?? ''
  const payloads = root.children
    .filter((child) => child.name === 'payloads')
    .flatMap(({ children }) => children.map(toPayload))
  refuseRepeated(payloads, root)
  return {
    id: [vendor, type, name, version].join('_'),
    name: name as string,
    version: version as string,
    vendor: vendor as string,
    type: type as string,
    acceptanceLevel: acceptanceLevels.includes(level) ? (level as AcceptanceLevel) : 'unknown',
    payloads,
  }
}

function toPayload(element: XmlElement): VibPayload {
  const [packed, unpacked] = [new Map<HashAlgorithm, Uint8Array>(), new Map<HashAlgorithm, Uint8Array>()]
  for (const checksum of element.children) {
    const algorithm = algorithmOf(checksum)
    const process = checksum.attributes.get('verify-process') ?? ''
    const digests = process === '' ? packed : process === 'gunzip' ? unpacked : undefined
    // A digest of another kind, or of what another program makes of the file, says nothing that is asked here.
    if (algorithm === undefined || digests === undefined) continue
    if (digests.has(algorithm))
      throw invalidImage(checksum.place, 'each checksum once', `another of ${algorithm}`)
    digests.set(algorithm, readDigest(checksum, algorithm))
  }
  return {
    name: requireAttribute(element, 'name'),
    type: requireAttribute(element, 'type'),
    size: readSize(element),
    packed,
    unpacked,
  }
}

function algorithmOf(checksum: XmlElement): HashAlgorithm | undefined {
  const type = requireAttribute(checksum, 'checksum-type')
  return Object.hasOwn(checksumTypes, type) ? checksumTypes[type] : undefined
}

function readDigest({ text, place }: XmlElement, algorithm: HashAlgorithm): Uint8Array {
  const { size } = hashFacts(algorithm)
  const expected = `${size} bytes in hexadecimal`
  if (text.length !== 2 * size) throw invalidImage(place, expected, text)
  try {
    return fromHex(text)
  } catch (error) {
    throw invalidFrom(place, expected, (error as Error).message)
  }
}

function readSize(element: XmlElement): number {
  const text = requireAttribute(element, 'size')
  const size = /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (size === undefined) throw invalidImage(element.place, 'a size in bytes', text)
  return size
}

function refuseRepeated(payloads: readonly VibPayload[], { place }: XmlElement): void {
  const names = new Set<string>()
  for (const { name } of payloads) {
    if (names.has(name)) throw invalidImage(place, 'each payload once', `another ${name}`)
    names.add(name)
  }
}

/** The one child of this name, if there is one. @throws BASE_IMAGE_INVALID when there are more */
export function findOne({ children }: XmlElement, name: string): XmlElement | undefined {
  const [first, second] = children.filter((child) => child.name === name)
  if (second !== undefined) throw invalidImage(second.place, `one element ${name}`, 'another')
  return first
}

/** Text of the one child of this name, on one line. @throws BASE_IMAGE_INVALID */
export function requireText(element: XmlElement, name: string): string {
  const child = findOne(element, name)
  return requireLine(child?.text ?? '', name, child?.place ?? element.place)
}

/** Text of an attribute, on one line. @throws BASE_IMAGE_INVALID */
export function requireAttribute({ attributes, place }: XmlElement, name: string): string {
  return requireLine(attributes.get(name) ?? '', name, place)
}

/** Names and versions are shown and compared: none may be empty or go over a line. */
export function requireLine(text: string, name: string, place: string): string {
  if (text === '' || /[\p{C}\p{Zl}\p{Zp}]/u.test(text)) {
    throw invalidImage(place, `${name} on one line`, text === '' ? 'nothing' : text)
  }
  return text
}
