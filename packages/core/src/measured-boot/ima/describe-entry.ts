import { toHex } from '../../bytes/index.js'
import { printable } from '../printable.js'
import type { ImaEntry } from './ima-log.js'

/** Of a longer path this much of the start is kept; the rest of the excerpt is its end, where the file's name is. */
const keptStart = 60

/**
 * An entry in a few words for reasons and reports: template, path, digest, as in
 * `ima-ng '/usr/bin/cat' sha256:90c9437a…`. One line without control characters. It repeats what the entry says of
 * itself; of a violation none of that is measured.
 */
export function describeEntry(entry: ImaEntry): string {
  const { path, fileDigest, violation } = entry
  const name = path === undefined ? '' : ` '${printable(path, keptStart)}'`
  const digest = fileDigest === undefined ? '' : ` ${formatDigest(fileDigest)}`
  return `${printable(entry.template.name)}${name}${violation ? ' violation' : digest}`
}

/** A digest as the kernel writes it in text, such as `sha256:90c9…` or `verity:sha256:…`. */
export function formatDigest({ type, algorithm, value }: NonNullable<ImaEntry['fileDigest']>): string {
  return `${type === undefined ? '' : `${type}:`}${printable(algorithm)}:${toHex(value)}`
}
