import type { ImageDatabaseLimits } from './image-limits.js'
import { invalidFrom, invalidImage } from './invalid.js'

/** A file of an archive. */
export interface ArchiveFile {
  /** Path in the archive, without `./` before it. */
  readonly name: string
  readonly data: Uint8Array
}

const blockSize = 512
/** Of a record that only names the next one, in bytes. The library would make objects of all that is in there. */
const maxExtension = 64 * 1024
/** Types of records, by the character in the header. POSIX.1-2017, pax, "ustar Header Block"; `L` is GNU tar's. */
const files = ['0', '\0']
const folders = ['5']
const extensions = ['x', 'g', 'L']

/**
 * Reads the wanted files of a tar archive. Only files and folders may be in it, each once, with relative paths that lead
 * nowhere else; sizes and count are looked at before anything is made of them.
 * @param wanted tells by its path whether a file is read; the others are passed over
 * @param place what errors call the archive
 * @throws BASE_IMAGE_INVALID
 */
export async function readTarFiles(
  archive: Uint8Array,
  place: string,
  wanted: (name: string) => boolean,
  limits: ImageDatabaseLimits,
): Promise<readonly ArchiveFile[]> {
  checkRecords(archive, place, limits.entries)
  const { unpackTar } = await import('modern-tar')
  const seen = new Set<string>()
  const filter = ({ name, type, size }: { name: string; type?: string; size: number }): boolean => {
    const path = plainPath(name, place)
    if (type === 'directory') return false
    if (seen.has(path)) throw invalidImage(`${place}:${path}`, 'each file once', 'another one')
    seen.add(path)
    if (!wanted(path)) return false
    if (size > limits.xmlBytes)
      throw invalidImage(`${place}:${path}`, `at most ${limits.xmlBytes} bytes`, `${size}`)
    return true
  }
  try {
    const unpacked = await unpackTar(archive, { strict: true, filter })
    return unpacked.map(({ header, data }) => ({
      name: plainPath(header.name, place),
      data: data ?? new Uint8Array(0),
    }))
  } catch (error) {
    throw invalidFrom(place, 'a tar archive', error)
  }
}

/**
 * Walks over the records' headers, as the library will. What it does not limit is refused here: records that are
 * neither file nor folder, long ones that only name another, and those that change the size of the next.
 */
function checkRecords(archive: Uint8Array, place: string, maxEntries: number): void {
  let entries = 0
  for (let at = 0; at + blockSize <= archive.length; ) {
    const header = archive.subarray(at, at + blockSize)
    // A block of zeros ends the archive; what follows must be zeros too, which the library sees to.
    if (header.every((byte) => byte === 0)) return
    const type = String.fromCharCode(header[156] ?? 0)
    const size = readSize(header.subarray(124, 136), `${place}@${at}`)
    const body = archive.subarray(at + blockSize, at + blockSize + size)
    if (extensions.includes(type)) checkExtension(body, size, `${place}@${at}`)
    else if (!files.includes(type) && !(folders.includes(type) && size === 0)) {
      throw invalidImage(
        `${place}@${at}`,
        'only files and folders',
        `a record of type '${type}', ${size} bytes`,
      )
    }
    entries++
    if (entries > maxEntries) throw invalidImage(place, `at most ${maxEntries} entries`, 'more')
    at += blockSize + Math.ceil(size / blockSize) * blockSize
  }
}

function checkExtension(body: Uint8Array, size: number, place: string): void {
  if (size > maxExtension)
    throw invalidImage(place, `extensions of at most ${maxExtension} bytes`, String(size))
  if (new TextDecoder().decode(body).includes(' size=')) {
    throw invalidImage(place, 'sizes in the headers of files', 'an extension that changes a size')
  }
}

/** A size in octal up to a NUL, with spaces around it; larger ones than that can hold do not fit the limits. */
function readSize(field: Uint8Array, place: string): number {
  const text = new TextDecoder('latin1').decode(field)
  const digits = (text.split('\0', 1)[0] ?? '').trim()
  if (!/^[0-7]{1,12}$/.test(digits)) throw invalidImage(place, 'a size in octal', digits)
  return Number.parseInt(digits, 8)
}

/** A path without `./` before it, if it leads nowhere else and can be shown. */
function plainPath(name: string, place: string): string {
  const path = name.replace(/^(?:\.\/)+/, '')
  const parts = path.replace(/\/$/, '').split('/')
  const strange = parts.some((part) => part === '..' || part === '.' || part === '')
  if (path !== '' && (strange || /[\\\p{C}\p{Zl}\p{Zp}]/u.test(path))) {
    throw invalidImage(place, 'relative paths without detours', name)
  }
  return path
}
