/**
 * EFI system partitions, made without mounting them.
 * @module
 */
import { dirname } from 'node:path'
import { run } from './processes.mjs'

/**
 * @param {string} image path of the new image
 * @param {Readonly<Record<string, string>>} files where each comes from, by its path in the partition
 * @returns {Promise<string>} `image`
 */
export async function makeSystemPartition(image, files) {
  await run('truncate', ['-s', '96M', image])
  // A fixed volume id keeps two partitions apart only in what they hold.
  await run('mkfs.vfat', ['-F', '32', '-i', '54525553', image])
  const directories = Object.keys(files).flatMap(ancestors)
  await run('mmd', ['-i', image, ...[...new Set(directories)].map((path) => `::/${path}`)])
  for (const [to, from] of Object.entries(files)) await run('mcopy', ['-i', image, from, `::/${to}`])
  return image
}

/** Directories of a path, outermost first. @param {string} path @returns {string[]} */
function ancestors(path) {
  const parent = dirname(path)
  return parent === '.' ? [] : [...ancestors(parent), parent]
}
