import { accessSync, constants, existsSync } from 'node:fs'
import { ensureBootFiles } from '../peers/uefi-machine/boot-files.mjs'
import { runCommand } from './command.mjs'
import { SetupError } from './progress.mjs'

/** Debian packages of the programs that tests and the demo talk to, each with the command or file that shows it is there. */
const commands = /** @type {const} */ ({
  swtpm: 'swtpm',
  'swtpm-tools': 'swtpm_setup',
  'tpm2-tools': 'tpm2',
  'python3-pykmip': 'pykmip-server',
  openssl: 'openssl',
  binutils: 'objcopy',
  systemd: '/usr/lib/systemd/systemd-measure',
  'systemd-boot-efi': '/usr/lib/systemd/boot/efi/linuxx64.efi.stub',
  'qemu-system-x86': 'qemu-system-x86_64',
  ovmf: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
  // The package of the same name without `-static` has the same program, which needs libraries.
  'busybox-static': '/usr/share/doc/busybox-static/copyright',
  cpio: 'cpio',
  zstd: 'zstd',
  kmod: '/sbin/modprobe',
  mtools: 'mcopy',
  dosfstools: '/sbin/mkfs.vfat',
})

/** @typedef {keyof typeof commands} PeerPackage */

/** All of them. */
export const allPeers = /** @type {PeerPackage[]} */ (Object.keys(commands))

/** @param {string} command */
function onPath(command) {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(`${folder}/${command}`, constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}

/** @param {PeerPackage} name */
function isInstalled(name) {
  const shown = commands[name]
  return shown.startsWith('/') ? existsSync(shown) : onPath(shown)
}

/**
 * Whether the user asked to do without real peers.
 * @returns {boolean}
 */
export function peersSkipped() {
  return process.env['TRUSTHOLD_SKIP_PEERS'] === '1'
}

/** @returns {Promise<string[] | undefined>} what to put before a command to run it as root */
async function becomeRoot() {
  if (process.getuid?.() === 0) return []
  if (!onPath('sudo')) return undefined
  const { code } = await runCommand('sudo', ['-n', 'true'], { timeoutSeconds: 10 })
  return code === 0 ? ['sudo', '-n'] : undefined
}

/** @param {readonly string[]} missing @param {string} problem */
function cannotInstall(missing, problem) {
  const list = missing.join(' ')
  return new SetupError(
    `${problem}\n\nThese programs are needed and not installed: ${list}\n\n` +
      `  install them:       sudo apt-get update && sudo apt-get install -y --no-install-recommends ${list}\n` +
      '  or do without them: TRUSTHOLD_SKIP_PEERS=1 (tests that need them are then not run, and reported so)',
  )
}

/**
 * Installs the packages whose commands are missing.
 * @param {(text: string) => void} progress
 * @param {readonly PeerPackage[]} [packages] all by default
 */
export async function ensurePeers(progress, packages = allPeers) {
  if (peersSkipped()) return
  await installMissing(progress, packages)
  if (packages.includes('qemu-system-x86')) await fetchBootFiles(progress)
}

/** @param {(text: string) => void} progress @param {readonly PeerPackage[]} packages */
async function installMissing(progress, packages) {
  const missing = packages.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  if (!onPath('apt-get')) throw cannotInstall(missing, 'This machine has no apt-get.')
  const prefix = await becomeRoot()
  if (prefix === undefined)
    throw cannotInstall(missing, 'Installing packages takes root or a sudo without password.')
  progress(`installing ${missing.join(', ')} with apt-get`)
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  for (const [args, timeoutSeconds] of /** @type {const} */ ([
    [['update'], 120],
    [install, 240],
  ])) {
    const { code, output } = await runAptGet(prefix, args, timeoutSeconds)
    if (code !== 0)
      throw cannotInstall(missing, `${output.trim()}\n\napt-get ${args[0]} failed (exit code ${code}).`)
  }
  const still = missing.filter((name) => !isInstalled(name))
  if (still.length > 0) throw cannotInstall(still, 'apt-get finished, but they are still not found.')
  progress('installed')
}

/** @param {readonly string[]} prefix @param {readonly string[]} args @param {number} timeoutSeconds */
function runAptGet(prefix, args, timeoutSeconds) {
  const retries = ['-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=60', '-q']
  const line = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...retries, ...args]
  return runCommand(line[0] ?? '', line.slice(1), { timeoutSeconds })
}

/**
 * Boot loaders and a kernel for virtual machines, which are unpacked beside the checkout's other set-up.
 * @param {(text: string) => void} progress
 */
async function fetchBootFiles(progress) {
  try {
    await ensureBootFiles()
  } catch {
    progress('fetching boot loaders and kernel with apt-get')
    // An old package list names versions that are gone.
    await runAptGet((await becomeRoot()) ?? [], ['update'], 120)
    await ensureBootFiles().catch((/** @type {unknown} */ error) => {
      throw new SetupError(
        `Boot loaders and kernel of the virtual machine cannot be fetched: ${error instanceof Error ? error.message : String(error)}\n\n` +
          'TRUSTHOLD_SKIP_PEERS=1 does without them; tests that need them are then not run, and reported so.',
      )
    })
  }
}
