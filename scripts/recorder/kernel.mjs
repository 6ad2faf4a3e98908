/**
 * Signed Debian kernels, with the modules that the guest needs before it has a root file system.
 * @module
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { resolveMetapackage, unpackPackages } from './debian.mjs'
import { run } from './processes.mjs'

/** What a recorded guest needs: its disk and that disk's file system; a kernel has each built in or as a module. */
const wanted = ['virtio_pci', 'virtio_blk', 'ext4']

/**
 * @typedef {{
 *   image: string,
 *   modules: readonly string[],
 *   versions: import('./debian.mjs').Versions,
 * }} Kernel `image` and `modules` are paths; modules are in the order in which they need each other
 */

/**
 * @param {string} directory a new directory
 * @param {string} metapackage such as `linux-image-cloud-amd64`
 * @param {readonly string[]} [drivers] modules that are wanted, without those that they need
 * @returns {Promise<Kernel>}
 */
export async function unpackKernel(directory, metapackage, drivers = wanted) {
  const name = await resolveMetapackage(metapackage)
  const release = name.slice('linux-image-'.length)
  const { root, versions } = await unpackPackages(directory, [name])
  await run('depmod', ['-b', root, release])
  const options = ['-d', root, '-S', release, '--show-depends', '-a']
  const listed = (await run('modprobe', [...options, ...drivers])).toString()
  const modules = [...listed.matchAll(/^insmod (\S+)/gm)].map(([, file]) => String(file))
  return { image: join(root, `boot/vmlinuz-${release}`), modules: [...new Set(modules)], versions }
}

/** @returns {Promise<{ image: string, release: string }>} the newest installed cloud kernel */
export async function findKernel() {
  const images = (await readdir('/boot')).filter((name) => /^vmlinuz-.*-cloud-amd64$/.test(name)).sort()
  const newest = images.at(-1)
  if (newest === undefined) throw new Error('no cloud kernel in /boot: install linux-image-cloud-amd64')
  return { image: join('/boot', newest), release: newest.slice('vmlinuz-'.length) }
}
