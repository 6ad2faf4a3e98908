/**
 * Makes the recordings of `test/recordings`: what real TPMs and real boots say, so that tests of any machine can judge
 * it. Run it with `npm run record`; it takes about two minutes and replaces the recordings.
 *
 * - `swtpm`: a TPM without a boot.
 * - `boot-secure`, `boot-insecure`, `boot-debug`: one virtual machine booted with Secure Boot, without it, and with
 *   Secure Boot and one more word on the kernel's command line.
 *
 * Needs Debian 12 and root (the kernel image and swtpm's files ask for it). Nothing is installed: the signed boot
 * loaders are downloaded with apt-get and unpacked in a temporary directory.
 * @module
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTools, readPcrs, takeEndorsementKeys, takeQuotes } from './recorder/attestation.mjs'
import { bootMeasuredVm, findKernel, prepareBootParts } from './recorder/measured-boot-vm.mjs'
import { drainCommands, progress, run } from './recorder/processes.mjs'
import { createVendorCa, manufactureTpm, startSwtpmForTools } from './recorder/swtpm.mjs'

const recordings = fileURLToPath(new URL('../test/recordings/', import.meta.url))

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
  kmod: '/usr/sbin/modinfo',
}

const commandLine = 'console=ttyS0 quiet ima_policy=tcb'
const boots = [
  {
    name: 'boot-secure',
    description: 'A virtual machine booted through shim and GRUB with Secure Boot on.',
    secureBoot: true,
    commandLine,
  },
  {
    name: 'boot-insecure',
    description: 'The same machine with Secure Boot off: firmware without any key.',
    secureBoot: false,
    commandLine,
  },
  {
    name: 'boot-debug',
    description: 'The same machine with Secure Boot on and "debug" added to the kernel command line.',
    secureBoot: true,
    commandLine: `${commandLine} debug`,
  },
]

async function checkPrerequisites() {
  const missing = Object.entries(needed)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name)
  if (!existsSync('/etc/debian_version'))
    throw new Error('recordings are made on Debian 12; this is another system')
  if (process.getuid?.() !== 0) throw new Error('recordings are made as root; run it as root')
  if (missing.length > 0) throw new Error(`missing: apt-get install ${missing.join(' ')}`)
  await findKernel()
}

/** @param {readonly string[]} archives */
async function packageVersions(archives) {
  const { release } = await findKernel()
  const names = [...Object.keys(needed), 'libtpms0', `linux-image-${release}`]
  const listed = await run('dpkg-query', ['-W', '-f', `\${Package} \${Version}\\n`, ...names])
  /** @type {Record<string, string>} */
  const versions = {}
  for (const line of listed.toString().trim().split('\n')) {
    const [name, version] = line.split(' ')
    versions[String(name)] = String(version)
  }
  for (const archive of archives) {
    const [name, version] = decodeURIComponent(archive).split('_')
    versions[String(name)] = String(version)
  }
  return versions
}

/**
 * Writes a recording's directory anew.
 * @param {{ name: string, [fact: string]: unknown }} about goes into recording.json
 * @param {import('./recorder/attestation.mjs').Files} files
 * @param {string} work temporary directory, which is not named in the recording
 */
async function writeRecording(about, files, work) {
  const directory = join(recordings, about.name)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  for (const [name, content] of files) await writeFile(join(directory, name), content)
  const commands = drainCommands().map((command) => command.replaceAll(work, '$WORK'))
  const listed = [...files].map(([name, content]) => ({
    name,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }))
  const document = { ...about, script: 'scripts/record.mjs', commands, files: listed }
  await writeFile(join(directory, 'recording.json'), `${JSON.stringify(document, undefined, 2)}\n`)
  progress(
    `${about.name}: ${listed.reduce((sum, { bytes }) => sum + bytes, 0)} bytes in ${listed.length} files`,
  )
}

/**
 * @param {Awaited<ReturnType<typeof createVendorCa>>} ca
 * @param {string} work
 * @param {string} stateDirectory of a TPM
 * @param {{ resume: boolean, expected?: import('./recorder/attestation.mjs').Pcrs, extend?: readonly number[] }} options
 *   `expected`: what the PCRs must be; `extend`: PCRs to be extended first
 */
async function takeAttestation(ca, work, stateDirectory, { resume, expected, extend = [] }) {
  const directory = await mkdtemp(join(work, 'tools-'))
  const swtpm = await startSwtpmForTools(stateDirectory, join(directory, 'tpm.sock'), { resume })
  try {
    const tools = openTools(directory, swtpm.tcti)
    for (const pcr of extend) await tools.tool('tpm2_pcrevent', String(pcr), '/etc/debian_version')
    const pcrs = await readPcrs(tools)
    if (expected !== undefined && JSON.stringify(pcrs) !== JSON.stringify(expected)) {
      throw new Error('the TPM does not hold the PCRs that the kernel reported')
    }
    /** @type {import('./recorder/attestation.mjs').Files} */
    const files = new Map()
    await takeEndorsementKeys(tools, ca, files)
    const quotes = await takeQuotes(tools, pcrs, files)
    files.set('pcrs.json', Buffer.from(`${JSON.stringify(pcrs, undefined, 1)}\n`))
    return { files, quotes }
  } finally {
    await swtpm.close()
  }
}

/**
 * Has tpm2_eventlog replay the log: the firmware's PCRs must be those that the kernel reported.
 * @param {string} file
 * @param {import('./recorder/attestation.mjs').Pcrs} pcrs
 */
async function checkReplay(file, pcrs) {
  const text = (await run('tpm2_eventlog', [file])).toString()
  let checked = 0
  let bank = ''
  for (const line of text.slice(text.lastIndexOf('\npcrs:')).split('\n')) {
    bank = /^ {2}(sha\d+):$/.exec(line)?.[1] ?? bank
    const [, pcr, value] = /^ {4}(\d+) *: 0x([0-9a-f]+)$/.exec(line) ?? []
    if (pcr === undefined) continue
    if (pcrs[bank]?.[pcr] !== value) throw new Error(`the event log does not replay to PCR ${pcr} of ${bank}`)
    checked++
  }
  if (checked < 40) throw new Error(`only ${checked} PCRs could be compared with the event log`)
}

/** @param {string} work */
async function recordAll(work) {
  const ca = await createVendorCa(join(work, 'ca'))
  const parts = await prepareBootParts(join(work, 'parts'))
  const packages = await packageVersions(parts.archives)
  const common = { made: new Date().toISOString(), packages }
  drainCommands()

  progress('swtpm: a TPM without a boot')
  await manufactureTpm(join(work, 'tpm'), ca)
  const bare = await takeAttestation(ca, work, join(work, 'tpm'), { resume: false, extend: [0, 7, 16, 23] })
  const description =
    'A software TPM on which PCRs 0, 7, 16 and 23 were extended once; no boot, no event log.'
  await writeRecording({ name: 'swtpm', description, ...common, quotes: bare.quotes }, bare.files, work)

  const host = join(work, 'host')
  await manufactureTpm(host, ca)
  for (const boot of boots) {
    progress(`${boot.name}: booting`)
    const directory = join(work, boot.name)
    const { eventLog, imaLog, pcrs } = await bootMeasuredVm({
      ...boot,
      directory,
      stateDirectory: host,
      parts,
    })
    await writeFile(join(directory, 'eventlog.bin'), eventLog)
    await checkReplay(join(directory, 'eventlog.bin'), pcrs)
    const { files, quotes } = await takeAttestation(ca, work, host, { resume: true, expected: pcrs })
    files.set('eventlog.bin', eventLog)
    files.set('ima.bin', imaLog)
    await writeRecording({ ...boot, ...common, quotes }, files, work)
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
