/**
 * Makes the recordings of `test/recordings/ima`: lists as a real kernel keeps them, one boot for each template, with
 * violations, keys, fs-verity and signed files, and the PCRs that the kernel then reports. Run it with
 * `node scripts/record-ima.mjs`; it takes about a minute and replaces the recordings.
 *
 * evmctl signs the files, and judges each list that it can read by the PCRs before it is written.
 *
 * Needs Debian 12 and root (signatures are extended attributes that only root may set). Nothing is installed.
 * @module
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootImaVm, prepareGuest } from './recorder/ima-vm.mjs'
import { findKernel } from './recorder/kernel.mjs'
import { drainCommands, progress, run } from './recorder/processes.mjs'
import { createVendorCa, manufactureTpm } from './recorder/swtpm.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const recordings = join(root, 'test/recordings/ima')

/** Debian packages and a file of each that must be there. */
const needed = {
  'qemu-system-x86': '/usr/bin/qemu-system-x86_64',
  swtpm: '/usr/bin/swtpm',
  'swtpm-tools': '/usr/bin/swtpm_setup',
  'ima-evm-utils': '/usr/bin/evmctl',
  gcc: '/usr/bin/gcc',
  openssl: '/usr/bin/openssl',
  'busybox-static': '/bin/busybox',
  cpio: '/usr/bin/cpio',
  e2fsprogs: '/usr/sbin/mke2fs',
  kmod: '/usr/sbin/modinfo',
}

/** The second boot's own policy: keys, fs-verity, another PCR. File systems that are not the disk's are left out. */
const mixedPolicy = `dont_measure fsmagic=0x9fa0
dont_measure fsmagic=0x62656572
dont_measure fsmagic=0x73636673
dont_measure fsmagic=0x858458f6
dont_measure fsmagic=0x1021994
measure func=KEY_CHECK keyrings=_vendor
measure func=FILE_CHECK mask=^MAY_READ uid=0 fsname=ext4 digest_type=verity template=ima-sigv2
measure func=BPRM_CHECK mask=MAY_EXEC pcr=11
`

/** What makes a list in the text form unreadable: the kernel escapes nothing. */
const newlineInName = `mkdir /system/odd
printf 'odd' > "/system/odd/a
b"
cat "/system/odd/a
b"
`

const boots = [
  {
    name: 'ima',
    description: 'The first template, which has room for SHA-1 and 255 characters only.',
    commandLine: 'ima_policy=tcb ima_hash=sha1 ima_template=ima',
  },
  { name: 'ima-ng', description: 'Template ima-ng.', commandLine: 'ima_policy=tcb ima_template=ima-ng' },
  {
    name: 'ima-sig',
    description: 'Template ima-sig; two of the files are signed, with RSA and with ECDSA.',
    commandLine: 'ima_policy=tcb ima_template=ima-sig',
  },
  {
    name: 'mixed',
    description:
      'Templates ima-ngv2, ima-sigv2 and ima-buf in one list, with a key, fs-verity, critical data and PCR 11.',
    commandLine: 'ima_policy=critical_data ima_template=ima-ngv2',
    policy: mixedPolicy,
    evmctl: false,
  },
  {
    name: 'ima-modsig',
    description: 'Template ima-modsig by a kernel that reads no appended signatures: these fields are empty.',
    commandLine: 'ima_policy=tcb ima_template=ima-modsig',
  },
  {
    name: 'evm-sig',
    description: 'Template evm-sig, which has owner and mode of the file.',
    commandLine: 'ima_policy=tcb ima_template=evm-sig',
    evmctl: false,
  },
  {
    name: 'custom',
    description: 'A format of our own, and a file with a line break in its name.',
    commandLine: 'ima_policy=tcb ima_template_fmt=d-ngv2|iuid|imode|n-ng|sig',
    late: newlineInName,
    evmctl: false,
  },
]

async function checkPrerequisites() {
  const missing = Object.entries(needed)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name)
  if (process.getuid?.() !== 0) throw new Error('recordings are made as root; run it as root')
  if (missing.length > 0) throw new Error(`missing: apt-get install ${missing.join(' ')}`)
}

/**
 * Has evmctl replay the list: what it computes must be what the kernel reported, in banks that this kernel fills with
 * digests of their own.
 * @param {string} directory
 * @param {Uint8Array} list
 * @param {Record<string, Record<string, string>>} pcrs
 */
async function checkReplay(directory, list, pcrs) {
  const file = join(directory, 'list')
  await writeFile(file, list)
  const banks = []
  for (const bank of ['sha1', 'sha256']) {
    const values = Array.from({ length: 24 }, (_, pcr) => pcrs[bank]?.[pcr] ?? '')
    const lines = values.map((value, pcr) => {
      const spaced = value.replaceAll(/../g, '$& ').trim()
      return `PCR-${String(pcr).padStart(2, '0')}: ${spaced}\n`
    })
    await writeFile(join(directory, bank), lines.join(''))
    banks.push('--pcrs', `${bank},${join(directory, bank)}`)
  }
  await run('evmctl', ['ima_measurement', '--ignore-violations', ...banks, file])
}

/** @param {string} directory @param {Map<string, Uint8Array>} files @param {object} about @param {string} work */
async function writeRecording(directory, files, about, work) {
  await mkdir(directory, { recursive: true })
  for (const [name, content] of files) await writeFile(join(directory, name), content)
  const listed = [...files].map(([name, content]) => ({
    name,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }))
  const commands = drainCommands().map((text) => text.replaceAll(work, '$WORK').replaceAll(root, ''))
  const document = { ...about, script: 'scripts/record-ima.mjs', commands, files: listed }
  await writeFile(join(directory, 'recording.json'), `${JSON.stringify(document, undefined, 2)}\n`)
}

/** @param {string} work */
async function recordAll(work) {
  const kernel = await findKernel()
  const made = new Date().toISOString()
  const guest = await prepareGuest(join(work, 'guest'))
  await rm(recordings, { recursive: true, force: true })
  const certificates = new Map()
  for (const [name, { certificate }] of Object.entries(guest.keys))
    certificates.set(`${name}.der`, await readFile(certificate))
  const description =
    'Certificates of the keys that the files were signed with; rsa.der was also put into a keyring.'
  await writeRecording(join(recordings, 'signers'), certificates, { description, made }, work)
  await manufactureTpm(join(work, 'tpm'), await createVendorCa(join(work, 'ca')))
  drainCommands()
  for (const { name, evmctl = true, ...boot } of boots) {
    progress(`${name}: booting`)
    const directory = join(work, name)
    const taken = await bootImaVm({ ...boot, directory, stateDirectory: join(work, 'tpm'), guest, kernel })
    const { binary, ascii, pcrs, early, count, violations } = taken
    if (evmctl) await checkReplay(directory, binary, pcrs)
    const files = new Map([
      ['binary.bin', binary],
      ['ascii.txt', ascii],
      ['pcrs.json', Buffer.from(`${JSON.stringify({ pcrs, early }, undefined, 1)}\n`)],
    ])
    const about = { name, ...boot, made, kernel: kernel.release, count, violations, judgedByEvmctl: evmctl }
    await writeRecording(join(recordings, name), files, about, work)
    progress(`${name}: ${count} entries, ${violations} violations`)
  }
}

async function main() {
  await checkPrerequisites()
  const work = await mkdtemp(join(tmpdir(), 'trusthold-record-'))
  try {
    await recordAll(work)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

main().catch((/** @type {unknown} */ error) => {
  progress(`recording failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
