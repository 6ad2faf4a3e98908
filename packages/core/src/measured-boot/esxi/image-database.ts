import { digestOf, type HashAlgorithm } from '../../tpm2/index.js'
import { gunzipWhole } from './gunzip.js'
import { defaultImageLimits, type ImageDatabaseLimits } from './image-limits.js'
import { type ImageProfile, readImageProfile } from './image-profile.js'
import { invalidImage } from './invalid.js'
import { moduleName } from './placement.js'
import { readTarFiles } from './tar.js'
import { readVib, type Vib } from './vib.js'

/** What an image database (`imgdb.tgz`) says of the images of a host. */
export interface ImageDatabase {
  /** Image profiles, mostly one. */
  readonly profiles: readonly DatabaseProfile[]
  /** All packages, by their id. */
  readonly vibs: ReadonlyMap<string, Vib>
  /** Digests of the decompressed archive, which is itself a module that is measured. */
  readonly digests: ReadonlyMap<HashAlgorithm, Uint8Array>
}

/** An image profile whose packages are all in the database. */
export interface DatabaseProfile extends ImageProfile {
  /** Version of the package with the kernel, as in `8.0.3-0.0.24022510`; undefined when there is none. */
  readonly version: string | undefined
}

const root = 'var/db/esximg/'
const vibFile = new RegExp(`^${root}vibs/[^/]+\\.xml$`)
const profileFile = new RegExp(`^${root}profiles/[^/]+$`)
/** The image database's own name where a machine boots from. */
export const archiveName = 'imgdb.tgz'
/** Modules that the kernel is in. */
const kernelModules: readonly string[] = ['k', 'b']

/** Banks that TPMs have. */
export const bankAlgorithms: readonly HashAlgorithm[] = ['sha1', 'sha256', 'sha384', 'sha512', 'sm3_256']

/**
 * Reads an image database, as every ESXi host gives it out (`https://<host>/boot_imgdb.tgz`). It is not signed as a
 * whole and the packages' signatures are not verified: whoever hands it in answers for it.
 * @param limits those that are not given are the defaults
 * @throws BASE_IMAGE_INVALID with the file in the archive, line and column
 */
export async function readImageDatabase(
  bytes: Uint8Array,
  limits: Partial<ImageDatabaseLimits> = {},
): Promise<ImageDatabase> {
  const allowed = { ...defaultImageLimits, ...limits }
  if (bytes.length > allowed.bytes) {
    throw invalidImage(archiveName, `at most ${allowed.bytes} bytes`, String(bytes.length))
  }
  const archive = await gunzipWhole(bytes, archiveName, allowed.decompressed)
  const wanted = (name: string): boolean => vibFile.test(name) || profileFile.test(name)
  const files = await readTarFiles(archive, archiveName, wanted, allowed)
  const vibs = new Map<string, Vib>()
  const profiles: ImageProfile[] = []
  for (const { name, data } of files) {
    if (profileFile.test(name)) {
      profiles.push(await readImageProfile(data, name, allowed))
      continue
    }
    const vib = await readVib(data, name, allowed)
    if (vibs.has(vib.id)) throw invalidImage(name, 'each package once', `another ${vib.id}`)
    vibs.set(vib.id, vib)
  }
  if (profiles.length === 0) throw invalidImage(archiveName, `an image profile in ${root}profiles`, 'none')
  return {
    profiles: profiles.map((profile) => ({ ...profile, version: versionOf(profile, vibs) })),
    vibs,
    digests: new Map(bankAlgorithms.map((bank) => [bank, digestOf(bank, archive)])),
  }
}

/** Looks every package of a profile up, and tells the version by the kernel's. */
function versionOf({ name, vibs: listed }: ImageProfile, vibs: ReadonlyMap<string, Vib>): string | undefined {
  const versions = new Map<string, string>()
  for (const { id, files } of listed) {
    const vib = vibs.get(id)
    if (vib === undefined) throw invalidImage(`profile ${name}`, `a descriptor of the package ${id}`, 'none')
    for (const payload of vib.payloads) {
      versions.set(moduleName(files.get(payload.name) ?? payload.name), vib.version)
    }
  }
  const kernel = kernelModules.find((module) => versions.has(module))
  return kernel === undefined ? undefined : versions.get(kernel)
}
