/**
 * The kernel of a virtual machine: Debian's, signed, with the modules that the guest needs.
 * @module
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { unpackKernel } from '../../recorder/kernel.mjs'
import { runToEnd } from '../supervised-process.mjs'

/** What the guest needs: its network card. TPM drivers and serial ports are built into the cloud kernel. */
const wanted = ['virtio_pci', 'virtio_net']
const metapackage = 'linux-image-cloud-amd64'

/** @typedef {{ image: string, modules: readonly string[] }} GuestKernel paths; modules in the order in which they need each other */

/**
 * The newest cloud kernel that is installed here, or one that is downloaded and unpacked.
 * @param {string} directory a new directory, for the latter
 * @returns {Promise<GuestKernel>}
 */
export async function findGuestKernel(directory) {
  const release = installedReleases().at(-1)
  if (release === undefined) return await unpackKernel(directory, metapackage, wanted)
  const listed = await runToEnd('/sbin/modprobe', ['-S', release, '--show-depends', '-a', ...wanted])
  const modules = [...listed.matchAll(/^insmod (\S+)/gm)].map(([, file]) => String(file))
  return { image: `/boot/vmlinuz-${release}`, modules: [...new Set(modules)] }
}

/** Releases whose image and modules are there, oldest first. @returns {string[]} */
function installedReleases() {
  if (!existsSync('/boot')) return []
  return readdirSync('/boot')
    .flatMap((name) => /^vmlinuz-(.*-cloud-amd64)$/.exec(name)?.[1] ?? [])
    .filter((release) => existsSync(join('/lib/modules', release, 'modules.dep.bin')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}
