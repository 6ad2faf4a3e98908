/**
 * The boots that are recorded, and how one is.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { attest } from './attestation.mjs'
import { checkImaList, checkKernelPcr, checkReplay } from './checks.mjs'
import { unpackPackages } from './debian.mjs'
import { grubPackages, makeGrubDisk } from './grub.mjs'
import { packInitramfs } from './guest.mjs'
import { unpackKernel } from './kernel.mjs'
import { busyPackages, makeBusySystem, makeSmallSystem } from './root-file-system.mjs'
import { createVendorCa, manufactureTpm } from './swtpm.mjs'
import { makeExtension, makeUkiDisk } from './uki.mjs'
import { bootMeasuredVm } from './virtual-machine.mjs'

const commandLine = 'console=ttyS0 quiet ima_policy=tcb'

/**
 * @typedef {typeof standard & { name: string, description: string }} Boot
 *   `kernel`: metapackage; `maintenance`: whether GRUB has one more entry, which is the one that boots;
 *   `system`: what runs, and so what IMA measures
 */
const standard = {
  loader: /** @type {'grub' | 'systemd-boot'} */ ('grub'),
  secureBoot: true,
  kernel: 'linux-image-cloud-amd64',
  commandLine,
  maintenance: false,
  system: /** @type {'small' | 'busy' | 'busy-signed'} */ ('small'),
}

/** @type {readonly Boot[]} */
export const boots = [
  {
    ...standard,
    name: 'boot-secure',
    description: 'A virtual machine booted through shim and GRUB with Secure Boot on.',
  },
  {
    ...standard,
    name: 'boot-insecure',
    description: 'As boot-secure, but with Secure Boot off: firmware without any key.',
    secureBoot: false,
  },
  {
    ...standard,
    name: 'boot-debug',
    description: 'As boot-secure, but with "debug" added to the kernel command line.',
    commandLine: `${commandLine} debug`,
  },
  {
    ...standard,
    name: 'boot-kernel',
    description:
      'As boot-secure, but with the kernel for real machines, of the same version, signed as well.',
    kernel: 'linux-image-amd64',
  },
  {
    ...standard,
    name: 'boot-grub',
    description:
      "As boot-secure, but GRUB's configuration has one more entry, which boots: same kernel, same command line.",
    maintenance: true,
  },
  {
    ...standard,
    name: 'boot-uki',
    description:
      "A unified kernel image with systemd's stub, started by systemd-boot, both signed with a key of the owner's in db; no shim, no GRUB.",
    loader: 'systemd-boot',
  },
  {
    ...standard,
    name: 'boot-ima',
    description:
      'As boot-secure, but with some hundred files run and read, listed with the IMA template ima-ng.',
    commandLine: `${commandLine} ima_template=ima-ng`,
    system: 'busy',
  },
  {
    ...standard,
    name: 'boot-ima-sig',
    description: 'As boot-ima, but with the IMA template ima-sig; programs and libraries are signed.',
    commandLine: `${commandLine} ima_template=ima-sig`,
    system: 'busy-signed',
  },
]

/**
 * Boots a machine of its own with a TPM of its own.
 * @param {Boot} boot
 * @param {string} work a new directory
 * @returns {Promise<import('./recording.mjs').Recorded>}
 */
export async function recordBoot(boot, work) {
  const at = (/** @type {string} */ name) => join(work, name)
  const ca = await createVendorCa(at('ca'))
  await manufactureTpm(at('tpm'), ca)
  const system = await makeSystem(boot, at('system'))
  const machine = await makeMachine(boot, at('machine'))
  const guest = await bootMeasuredVm({
    ...machine,
    directory: at('machine'),
    stateDirectory: at('tpm'),
    system: system.image,
  })
  await writeFile(at('eventlog.bin'), guest.eventLog)
  await writeFile(at('ima.bin'), guest.imaLog)
  await checkReplay(at('eventlog.bin'), guest.pcrs)
  await checkImaList(work, at('ima.bin'), guest.pcrs, system.signers)
  if (machine.sections !== undefined) await checkKernelPcr(machine.sections, guest.pcrs)
  const { files, quotes } = await attest(work, at('tpm'), ca, { resume: true, expected: guest.pcrs })
  files.set('eventlog.bin', guest.eventLog)
  files.set('ima.bin', guest.imaLog)
  for (const signer of system.signers) files.set(basename(signer), await readFile(signer))
  return { about: { ...boot, quotes }, files, versions: { ...system.versions, ...machine.versions } }
}

/** @param {Boot} boot @param {string} directory */
async function makeSystem({ system }, directory) {
  if (system === 'small') return { image: await makeSmallSystem(directory), signers: [], versions: {} }
  const { root, versions } = await unpackPackages(join(directory, 'packages'), busyPackages)
  return { ...(await makeBusySystem(directory, root, { signed: system === 'busy-signed' })), versions }
}

/**
 * @param {Boot} boot @param {string} directory
 * @returns {Promise<{
 *   disk: string, variables: string, sections?: Readonly<Record<string, string>>,
 *   versions: import('./debian.mjs').Versions
 * }>}
 */
async function makeMachine({ loader, secureBoot, kernel: metapackage, maintenance, commandLine }, directory) {
  const kernel = await unpackKernel(join(directory, 'kernel'), metapackage)
  const initrd = await packInitramfs(directory, kernel.modules)
  const parts = { kernel: kernel.image, initrd, commandLine }
  if (loader === 'systemd-boot') {
    const extension = await makeExtension(join(directory, 'extension'))
    return { ...(await makeUkiDisk(directory, { ...parts, extension })), versions: kernel.versions }
  }
  const { root: loaders, versions } = await unpackPackages(join(directory, 'loaders'), grubPackages)
  const disk = await makeGrubDisk(directory, { ...parts, loaders, secureBoot, maintenance })
  return { ...disk, versions: { ...kernel.versions, ...versions } }
}
