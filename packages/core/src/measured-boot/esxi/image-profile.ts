import type { ImageDatabaseLimits } from './image-limits.js'
import { invalidImage } from './invalid.js'
import { findOne, requireAttribute, requireLine, requireText } from './vib.js'
import { readXml } from './xml.js'

/** An image profile: which packages an image has, and how their files are called where the machine boots from. */
export interface ImageProfile {
  readonly name: string
  /** Who made it; undefined when it does not say. */
  readonly creator: string | undefined
  readonly vibs: readonly ProfileVib[]
}

/** A package of an image. */
export interface ProfileVib {
  /** As {@link Vib} has it. */
  readonly id: string
  /** Names of files by payload, such as `k.b00` for `k`. */
  readonly files: ReadonlyMap<string, string>
}

const wanted: readonly string[] = [
  'imageprofile',
  'imageprofile/name',
  'imageprofile/creator',
  'imageprofile/viblist',
  'imageprofile/viblist/vib',
  'imageprofile/viblist/vib/vib-id',
  'imageprofile/viblist/vib/payloads',
  'imageprofile/viblist/vib/payloads/payload',
]

/**
 * Reads an image profile.
 * @param file what errors call it
 * @throws BASE_IMAGE_INVALID with file, line and column
 */
export async function readImageProfile(
  bytes: Uint8Array,
  file: string,
  limits: ImageDatabaseLimits,
): Promise<ImageProfile> {
  const root = await readXml(bytes, file, wanted, limits)
  const seen = new Set<string>()
  const vibs = (findOne(root, 'viblist')?.children ?? []).map((vib): ProfileVib => {
    const id = requireText(vib, 'vib-id')
    if (seen.has(id)) throw invalidImage(vib.place, 'each package once', `another ${id}`)
    seen.add(id)
    const files = new Map<string, string>()
    for (const payload of findOne(vib, 'payloads')?.children ?? []) {
      const name = requireAttribute(payload, 'payload-name')
      if (files.has(name)) throw invalidImage(payload.place, 'each payload once', `another ${name}`)
      // A package that is installed elsewhere has payloads without a file where the machine boots from.
      if (payload.text !== '') files.set(name, requireLine(payload.text, 'a file name', payload.place))
    }
    return { id, files }
  })
  const creator = findOne(root, 'creator')?.text
  return { name: requireText(root, 'name'), creator: creator === '' ? undefined : creator, vibs }
}
