/**
 * Boots a small virtual machine with UEFI firmware and a TPM, and leaves two things: what the guest's kernel says of
 * its own boot (event log, IMA log, PCRs), and the state of the TPM as that boot left it, ready to be resumed.
 *
 * QEMU runs in software emulation, so no KVM is needed; a boot takes 15 to 30 seconds.
 *
 * PCRs must survive the machine. A QEMU that ends in order tells swtpm to shut down, and the PCRs are gone. So the
 * guest only idles when it is done, and QEMU is killed, which leaves swtpm running; swtpm is then asked to store its
 * volatile state. A new swtpm over the same directory goes on where the guest's TPM stopped.
 * @module
 */
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readGuest } from './guest.mjs'
import { ended, run, start } from './processes.mjs'
import { startSwtpmForQemu, volatileStateFile } from './swtpm.mjs'

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd'
const setUpTimeoutMs = 120_000

/** Variable stores of the firmware: with Microsoft's keys enrolled, and without any. */
export const variableStores = {
  microsoft: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd',
  empty: '/usr/share/OVMF/OVMF_VARS_4M.fd',
}

/** @param {string} disk with the EFI system partition @param {string} variables the store, which is written to */
const machineArgs = (disk, variables) => [
  ...['-machine', 'q35,smm=on', '-accel', 'tcg', '-cpu', 'max', '-m', '768'],
  ...['-display', 'none', '-no-reboot', '-nic', 'none'],
  ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
  ...['-drive', `if=pflash,format=raw,readonly=on,file=${firmware}`],
  ...['-drive', `if=pflash,format=raw,file=${variables}`],
  ...['-drive', `file=${disk},format=raw,if=virtio`],
]

/**
 * Runs a machine without a TPM until it resets: for what a boot loader sets up once.
 * @param {{ disk: string, variables: string }} machine
 */
export async function runUntilReset({ disk, variables }) {
  const qemu = start('qemu-system-x86_64', machineArgs(disk, variables))
  const timer = setTimeout(() => qemu.kill('SIGKILL'), setUpTimeoutMs)
  const code = await ended(qemu)
  clearTimeout(timer)
  if (code !== 0) throw new Error(`the machine did not reset: QEMU ended with ${code}`)
}

/**
 * @param {{ directory: string, stateDirectory: string, disk: string, variables: string, system: string }} machine
 *   `directory` takes sockets and the console; `stateDirectory` holds a manufactured TPM and then has its state after
 *   the boot; `system` is an image of the root file system, which is not changed
 */
export async function bootMeasuredVm({ directory, stateDirectory, disk, variables, system }) {
  const tpmSocket = join(directory, 'tpm.sock')
  // A machine that is switched on does not resume.
  await rm(volatileStateFile(stateDirectory), { force: true })
  const swtpm = await startSwtpmForQemu(stateDirectory, tpmSocket)
  const qemu = start('qemu-system-x86_64', [
    ...machineArgs(disk, variables),
    ...['-drive', `file=${system},format=raw,if=virtio,snapshot=on`],
    ...['-serial', `file:${join(directory, 'console.log')}`, '-serial', 'stdio'],
    ...['-chardev', `socket,id=chrtpm,path=${tpmSocket}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=chrtpm', '-device', 'tpm-tis,tpmdev=tpm0'],
  ])
  try {
    const guest = await readGuest(qemu)
    qemu.kill('SIGKILL')
    await ended(qemu)
    await run('swtpm_ioctl', ['--unix', tpmSocket, '-v'])
    await access(volatileStateFile(stateDirectory))
    return guest
  } finally {
    for (const child of [qemu, swtpm]) {
      child.kill('SIGKILL')
      await ended(child)
    }
  }
}
