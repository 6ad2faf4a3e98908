/**
 * A virtual machine with UEFI firmware, Secure Boot and a TPM 2.0, booted through shim, GRUB and Debian's kernel into an
 * initramfs of ours. QEMU runs in software emulation, so no KVM is needed.
 * @module
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeGrubDisk } from '../../recorder/grub.mjs'
import { startSupervised } from '../supervised-process.mjs'
import { startSwtpm } from '../swtpm.mjs'
import { packAgentInitramfs } from './agent-initramfs.mjs'
import { ensureBootFiles } from './boot-files.mjs'
import { openSerialShell } from './serial-shell.mjs'

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd'
const timeoutMs = 600_000

/** Address under which a guest reaches the host's loopback. */
export const hostAddress = '10.0.2.2'

/**
 * @typedef {object} BootedMachine
 * @property {(script: string) => Promise<import('./serial-shell.mjs').Ended>} run runs a shell script in the guest
 * @property {() => Promise<string>} console what the kernel wrote on the first serial port
 * @property {() => Promise<void>} switchOff may be called again
 *
 * @typedef {object} Machine
 * @property {string} tpmCertificates PEM: the CA of the TPM's vendor
 * @property {(commandLine: string) => Promise<BootedMachine>} boot with a kernel command line; one boot at a time
 *
 * @typedef {object} MachineModel
 * @property {(options: { pcrBanks: readonly string[] }) => Promise<Machine>} make a machine with a TPM of its own. Its
 *   firmware's variables and its TPM keep their state from boot to boot.
 * @property {() => Promise<void>} remove switches all machines off and removes their files
 */

/**
 * Prepares what machines of one kind have in common: kernel, boot loaders, and an initramfs with programs.
 * @param {Readonly<Record<string, string>>} programs TypeScript sources, to be run in the guest as `/agent/NAME`
 * @returns {Promise<MachineModel>}
 */
export async function prepareMachines(programs) {
  const directory = await mkdtemp(join(tmpdir(), 'trusthold-machine-'))
  /** @type {Set<BootedMachine>} */
  const running = new Set()
  const remove = async () => {
    for (const booted of running) await booted.switchOff()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const parts = await makeParts(directory, programs)
    return {
      remove,
      make: async ({ pcrBanks }) =>
        await makeMachine(await mkdtemp(join(directory, 'machine-')), parts, pcrBanks, running),
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * @param {string} directory
 * @param {Awaited<ReturnType<typeof makeParts>>} parts
 * @param {readonly string[]} pcrBanks
 * @param {Set<BootedMachine>} running
 * @returns {Promise<Machine>}
 */
async function makeMachine(directory, parts, pcrBanks, running) {
  const at = (/** @type {string} */ name) => join(directory, name)
  const tpmCertificates = await manufactureTpm(at('tpm'), pcrBanks)
  /** @type {BootedMachine | undefined} */
  let last
  return {
    tpmCertificates,
    async boot(commandLine) {
      await last?.switchOff()
      const options = { ...parts, commandLine, secureBoot: true, maintenance: false }
      const { disk, variables: factorySettings } = await makeGrubDisk(at('disk'), options)
      const variables = at('variables.fd')
      if (!existsSync(variables)) await copyFile(factorySettings, variables)
      last = await bootMachine({ directory, disk, variables, tpm: at('tpm') })
      running.add(last)
      return last
    },
  }
}

/** @param {string} stateDir @param {readonly string[]} pcrBanks */
async function manufactureTpm(stateDir, pcrBanks) {
  const maker = await startSwtpm({ stateDir, pcrBanks, socket: 'unix' })
  await maker.stop()
  return maker.caCertificates
}

/** @param {string} directory @param {Readonly<Record<string, string>>} programs */
async function makeParts(directory, programs) {
  const { loaders, kernel, modules } = await ensureBootFiles()
  return { loaders, kernel, initrd: await packAgentInitramfs(directory, { modules, programs }) }
}

/**
 * @param {{ directory: string, disk: string, variables: string, tpm: string }} machine
 * @returns {Promise<BootedMachine>}
 */
async function bootMachine({ directory, disk, variables, tpm }) {
  const sockets = await mkdtemp(join(directory, 'boot-'))
  const at = (/** @type {string} */ name) => join(sockets, name)
  const swtpm = await startSwtpmForQemu(tpm, at('tpm'))
  const args = [
    // What newer processors can do costs more to emulate than it saves.
    ...['-machine', 'q35,smm=on', '-accel', 'tcg', '-cpu', 'Nehalem,+rdrand', '-m', '1024'],
    ...['-display', 'none', '-vga', 'none', '-no-reboot'],
    // User-mode network: the guest reaches the host's loopback, and nobody reaches the guest.
    ...['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${firmware}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
    ...['-drive', `file=${disk},format=raw,if=none,id=disk`],
    ...['-device', 'virtio-blk-pci,drive=disk,bootindex=0'],
    ...['-serial', `file:${at('console')}`, '-serial', `unix:${at('shell')},server=on,wait=off`],
    ...['-chardev', `socket,id=chrtpm,path=${at('tpm')}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=chrtpm', '-device', 'tpm-crb,tpmdev=tpm0'],
  ]
  const qemu = await startSupervised('qemu-system-x86_64', args, { directory })
  const readConsole = () => readFile(at('console'), 'latin1')
  const stop = async () => {
    await qemu.stop()
    await swtpm.stop()
  }
  try {
    const shell = await openSerialShell(at('shell'), { failure: qemu.failure, timeoutMs })
    return {
      run: shell.run,
      console: readConsole,
      async switchOff() {
        shell.close()
        await stop()
      },
    }
  } catch (error) {
    const seen = await readConsole().catch(() => '')
    await stop()
    throw new Error(`the machine did not boot; its console ends with: ${seen.slice(-2_000)}`, {
      cause: error,
    })
  }
}

/**
 * Starts swtpm with its control channel only: QEMU switches the TPM on and passes the data channel itself.
 * @param {string} state
 * @param {string} socket
 */
async function startSwtpmForQemu(state, socket) {
  await mkdir(state, { recursive: true })
  const swtpm = await startSupervised('swtpm', [
    ...['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket},mode=0600`],
  ])
  for (const deadline = Date.now() + 10_000; !existsSync(socket); await delay(10)) {
    const failure = swtpm.failure()
    if (failure !== undefined || Date.now() > deadline) {
      await swtpm.stop()
      throw new Error(failure ?? 'swtpm does not listen within 10 s')
    }
  }
  return swtpm
}
