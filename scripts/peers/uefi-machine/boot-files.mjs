/**
 * What virtual machines boot: the distribution's signed boot loaders and kernel. They are downloaded and unpacked, never
 * installed, and kept for the next time.
 * @module
 */
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackPackages } from '../../recorder/debian.mjs'
import { grubPackages } from '../../recorder/grub.mjs'
import { unpackKernel } from '../../recorder/kernel.mjs'
import { root } from '../../setup/command.mjs'
import { runToEnd } from '../supervised-process.mjs'

const cache = join(root, '.setup/machine')

/** What the guest needs: its network card. TPM drivers and serial ports are built into the cloud kernel. */
const drivers = ['virtio_pci', 'virtio_net']
const kernelPackage = 'linux-image-cloud-amd64'

/**
 * @typedef {object} BootFiles
 * @property {string} loaders where shim's and GRUB's packages are unpacked
 * @property {string} kernel path of the image
 * @property {readonly string[]} modules paths, in the order in which they need each other
 */

/**
 * Finds the files, or fetches what is missing with apt-get, whose package list has to be there.
 * @returns {Promise<BootFiles>}
 */
export async function ensureBootFiles() {
  await mkdir(cache, { recursive: true })
  const loaders = join(cache, 'loaders')
  await unlessThere(loaders, (directory) => unpackPackages(directory, grubPackages))
  const image = join(cache, 'kernel')
  if (installedReleases('/').length === 0) {
    await unlessThere(image, (directory) => unpackKernel(directory, kernelPackage, drivers))
  }
  return { loaders: join(loaders, 'root'), ...(await findKernel([join(image, 'root'), '/'])) }
}

/**
 * Makes a directory whole or not at all, whoever else does the same meanwhile.
 * @param {string} directory
 * @param {(directory: string) => Promise<unknown>} make
 */
async function unlessThere(directory, make) {
  if (existsSync(directory)) return
  const unfinished = await mkdtemp(`${directory}-`)
  try {
    await make(unfinished)
    await rename(unfinished, directory)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!existsSync(directory)) throw error
  }
}

/** Releases of cloud kernels whose image and modules are there, oldest first. @param {string} at */
function installedReleases(at) {
  const boot = join(at, 'boot')
  if (!existsSync(boot)) return []
  return readdirSync(boot)
    .flatMap((name) => /^vmlinuz-(.*-cloud-amd64)$/.exec(name)?.[1] ?? [])
    .filter((release) => existsSync(join(at, 'lib/modules', release, 'modules.dep.bin')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** @param {readonly string[]} places where a kernel may be, the first that has one counts */
async function findKernel(places) {
  const place = places.find((each) => installedReleases(each).length > 0)
  if (place === undefined) throw new Error(`no ${kernelPackage} in ${places.join(' or ')}`)
  const release = String(installedReleases(place).at(-1))
  const listed = await runToEnd('/sbin/modprobe', [
    ...['-d', place, '-S', release, '--show-depends', '-a', ...drivers],
  ])
  const modules = [...listed.matchAll(/^insmod (\S+)/gm)].map(([, file]) => String(file))
  return { kernel: join(place, 'boot', `vmlinuz-${release}`), modules: [...new Set(modules)] }
}
