import { toHex } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { imaHashByName } from './hash-algorithms.js'
import type { FileDigest } from './ima-log.js'
import { type PathPattern, pathPattern } from './path-pattern.js'
import { templateOf } from './templates.js'

/**
 * What may be measured on a host; plain data. Digests are texts as in lists: `sha256:90c9…` for a file's content,
 * `verity:sha256:…` for the root of its fs-verity tree. Paths are written as they are; the kernel's `_` for a space is
 * allowed for.
 */
export interface ImaAllowListDocument {
  readonly version: 1
  /** Files: the digests that each path may have. */
  readonly files?: Readonly<Record<string, readonly string[]>>
  /** Digests that a file may have wherever it is. */
  readonly digests?: readonly string[]
  /**
   * Paths that are not judged: exact ones, or with one `*`, which stands for any characters, slashes too. Whoever can
   * write there can run anything: exclude only what nothing trusts.
   */
  readonly exclude?: readonly string[]
  /** Measured buffers, such as `kexec-cmdline`, a keyring's name or `dm_table_load`: the digests that each may have. */
  readonly buffers?: Readonly<Record<string, readonly string[]>>
  /**
   * Formats of templates that hosts are started with (`ima_template_fmt`), such as `d-ng|n-ng|sig|iuid`. Entries of others
   * than these and the kernel's own are not judged by what they seem to say.
   */
  readonly formats?: readonly string[]
}

/** A document made ready. Paths in it are binary strings, a character for each byte: not all are UTF-8. */
export interface ImaAllowList {
  readonly files: ReadonlyMap<string, ReadonlySet<string>>
  readonly digests: ReadonlySet<string>
  readonly exclude: readonly PathPattern[]
  readonly buffers: ReadonlyMap<string, ReadonlySet<string>>
  readonly formats: ReadonlySet<string>
}

/** Every pattern is tried on a path that nothing else settles. */
const maxPatterns = 1024
const maxPath = 8192
const known = ['version', 'files', 'digests', 'exclude', 'buffers', 'formats']

/**
 * Reads an allow-list: every member is checked, none may be unknown.
 * @param value an {@link ImaAllowListDocument}, or what JSON.parse returns
 * @throws REQUEST_INVALID with the path of the first thing that is wrong
 */
export function readImaAllowList(value: unknown): ImaAllowList {
  const document = members(value, '$')
  const unknown = Object.keys(document).find((name) => !known.includes(name))
  if (unknown !== undefined) throw invalid('$', `no other members than ${known.join(', ')}`, unknown)
  if (document['version'] !== 1) throw invalid('version', '1', document['version'])
  const exclude = texts(document['exclude'], 'exclude')
  if (exclude.length > maxPatterns)
    throw invalid('exclude', `at most ${maxPatterns} patterns`, exclude.length)
  return {
    files: readNamed(document['files'], 'files'),
    digests: readDigests(document['digests'], 'digests'),
    exclude: exclude.map((pattern, i) => readPattern(pattern, `exclude[${i}]`)),
    buffers: readNamed(document['buffers'], 'buffers'),
    formats: new Set(
      texts(document['formats'], 'formats').map((text, i) => readFormat(text, `formats[${i}]`)),
    ),
  }
}

/** A digest as allow-lists have it; the kernel's `ima:` before it says nothing that is not meant anyway. */
export function digestKey({ type, algorithm, value }: FileDigest): string {
  return `${type === 'verity' ? 'verity:' : ''}${algorithm}:${toHex(value)}`
}

/** A path as it is looked up: a character for each byte. */
export function pathKey(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1')
}

/** A path of the document as the kernel would list it. */
function listedKey(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1').replaceAll(' ', '_')
}

function readNamed(value: unknown, path: string): ReadonlyMap<string, ReadonlySet<string>> {
  const named = new Map<string, ReadonlySet<string>>()
  for (const [name, digests] of Object.entries(value === undefined ? {} : members(value, path))) {
    const place = `${path}[${JSON.stringify(name.slice(0, 100))}]`
    if (name === '' || name.length > maxPath || name.includes('\0')) {
      throw invalid(path, `names of 1 to ${maxPath} characters without NUL`, name)
    }
    const key = listedKey(name)
    // Two paths that differ in spaces and underscores only are one in lists.
    named.set(key, new Set([...(named.get(key) ?? []), ...readDigests(digests, place)]))
  }
  return named
}

function readDigests(value: unknown, path: string): ReadonlySet<string> {
  return new Set(texts(value, path).map((digest, i) => readDigest(digest, `${path}[${i}]`)))
}

function readDigest(text: string, path: string): string {
  const [, algorithm = '', hex = ''] = /^(?:verity:)?([a-z0-9-]+):([0-9a-f]+)$/.exec(text) ?? []
  const facts = imaHashByName(algorithm)
  if (facts === undefined || hex.length !== 2 * facts.size) {
    throw invalid(path, 'an algorithm that is known, a colon, a digest in lower-case hexadecimal', text)
  }
  return text
}

function readFormat(text: string, path: string): string {
  const { builtIn, fields } = templateOf(text)
  if (builtIn || fields === undefined)
    throw invalid(path, 'the known fields of a template with | between', text)
  return text
}

function readPattern(text: string, path: string): PathPattern {
  const pattern = text.length > maxPath ? undefined : pathPattern(listedKey(text))
  if (pattern === undefined) throw invalid(path, 'a path with at most one *', text)
  return pattern
}

function texts(value: unknown, path: string): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalid(path, 'a list of texts', value)
  for (const [i, text] of value.entries()) {
    if (typeof text !== 'string') throw invalid(`${path}[${i}]`, 'a text', text)
  }
  return value as readonly string[]
}

function members(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw invalid(path, 'an object', value)
}

function invalid(path: string, expected: string, actual: unknown): TrustholdError {
  const shown = typeof actual === 'object' && actual !== null ? 'an object' : String(actual).slice(0, 100)
  return new TrustholdError('REQUEST_INVALID', { path, expected, actual: shown })
}
