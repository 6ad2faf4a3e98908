/**
 * Makes the recordings of `test/recordings`: what real TPMs and real boots say, so that tests of any machine can judge
 * it. `npm run record` makes all of them, which takes some minutes; `npm run record -- boot-uki swtpm` only those that
 * are named. Each has a TPM, a vendor and a machine of its own, so that each can be made anew without the others.
 *
 * - `swtpm`: a TPM without a boot, with statements of every kind by keys of every kind.
 * - `boot-*`: a virtual machine booted in several ways; `recorder/boots.mjs` lists them.
 *
 * A recording is written only once other implementations agree with it: tpm2_eventlog and evmctl that its logs replay
 * to the PCRs that the guest's kernel reported, systemd-measure on PCR 11, tpm2_checkquote that its quotes are good.
 *
 * Needs Debian 12 and root (swtpm's files ask for it). Kernels and boot loaders are downloaded with apt-get and unpacked
 * in a temporary directory; nothing is installed.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attest } from './recorder/attestation.mjs'
import { boots, recordBoot } from './recorder/boots.mjs'
import { installedVersions } from './recorder/debian.mjs'
import { drainCommands, progress } from './recorder/processes.mjs'
import { writeRecording } from './recorder/recording.mjs'
import { takeStatements } from './recorder/statements.mjs'
import { createVendorCa, manufactureTpm } from './recorder/swtpm.mjs'

/** Debian packages and a file of each that must be there. */
const needed = {
  'qemu-system-x86': '/usr/bin/qemu-system-x86_64',
  ovmf: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
  swtpm: '/usr/bin/swtpm',
  'swtpm-tools': '/usr/bin/swtpm_setup',
  'tpm2-tools': '/usr/bin/tpm2_quote',
  'libtss2-tcti-swtpm0': '/usr/lib/x86_64-linux-gnu/libtss2-tcti-swtpm.so.0',
  'busybox-static': '/bin/busybox',
  cpio: '/usr/bin/cpio',
  mtools: '/usr/bin/mcopy',
  dosfstools: '/usr/sbin/mkfs.vfat',
  e2fsprogs: '/usr/sbin/mke2fs',
  kmod: '/usr/sbin/modprobe',
  systemd: '/usr/lib/systemd/systemd-measure',
  'systemd-boot-efi': '/usr/lib/systemd/boot/efi/linuxx64.efi.stub',
  binutils: '/usr/bin/objcopy',
  efitools: '/usr/bin/sign-efi-sig-list',
  sbsigntool: '/usr/bin/sbsign',
  'ima-evm-utils': '/usr/bin/evmctl',
  openssl: '/usr/bin/openssl',
}
const versionsOf = [...Object.keys(needed), 'libtpms0']

function checkPrerequisites() {
  if (!existsSync('/etc/debian_version'))
    throw new Error('recordings are made on Debian 12; this is another system')
  if (process.getuid?.() !== 0) throw new Error('recordings are made as root; run it as root')
  const missing = Object.entries(needed).filter(([, file]) => !existsSync(file))
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(' ')
    throw new Error(`missing: apt-get update && apt-get install -y --no-install-recommends ${names}`)
  }
}

/**
 * A TPM without a boot.
 * @param {string} work a new directory
 * @returns {Promise<import('./recorder/recording.mjs').Recorded>}
 */
async function recordTpm(work) {
  const ca = await createVendorCa(join(work, 'ca'))
  await manufactureTpm(join(work, 'tpm'), ca)
  const description =
    'A software TPM on which PCRs 0, 7, 16 and 23 were extended once; no boot, no event log. Statements of every kind.'
  const { files, quotes, more } = await attest(work, join(work, 'tpm'), ca, {
    resume: false,
    extend: [0, 7, 16, 23],
    more: takeStatements,
  })
  return { about: { name: 'swtpm', description, quotes, ...more }, files, versions: {} }
}

/** @type {ReadonlyMap<string, (work: string) => Promise<import('./recorder/recording.mjs').Recorded>>} */
const recorders = new Map([
  ['swtpm', recordTpm],
  ...boots.map(
    (boot) => /** @type {const} */ ([boot.name, (/** @type {string} */ work) => recordBoot(boot, work)]),
  ),
])

/** @param {readonly string[]} names */
async function recordAll(names) {
  const unknown = names.filter((name) => !recorders.has(name))
  if (unknown.length > 0)
    throw new Error(
      `no recording is named ${unknown.join(', ')}; there are ${[...recorders.keys()].join(', ')}`,
    )
  checkPrerequisites()
  const installed = await installedVersions(versionsOf)
  for (const [name, record] of recorders) {
    if (names.length > 0 && !names.includes(name)) continue
    progress(`${name}: recording`)
    const work = await mkdtemp(join(tmpdir(), 'trusthold-record-'))
    drainCommands()
    try {
      await writeRecording(await record(work), installed, work)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
}

recordAll(process.argv.slice(2)).catch((/** @type {unknown} */ error) => {
  progress(`recording failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
