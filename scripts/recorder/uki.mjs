/**
 * A chain of the owner's own: systemd-boot and a unified kernel image (systemd's stub, kernel, initramfs and command
 * line in one PE file), both signed with a key that the owner enrolled in the firmware's db.
 * @module
 */
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './processes.mjs'
import { startSwtpmForTools } from './swtpm.mjs'
import { makeSystemPartition } from './system-partition.mjs'
import { runUntilReset, variableStores } from './virtual-machine.mjs'

const stub = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub'
const loader = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi'
const measureTool = '/usr/lib/systemd/systemd-measure'
/** Owner of the signature lists; any would do. */
const ownerGuid = '8b2f5a1c-6d3e-4f70-9a51-27c0de9e4b68'
const sectionAlignment = 0x1000

/** The stub's sections that hold text of ours. @param {string} commandLine */
const textSections = (commandLine) => ({
  osrel: 'NAME="Recorded"\nID=recorded\nVERSION_ID=1\nPRETTY_NAME="Recorded 1"\n',
  cmdline: commandLine,
})

/**
 * @typedef {{ kernel: string, initrd: string, commandLine: string }} ImageParts paths, and the kernel's command line
 * @typedef {{ key: string, certificate: string }} Signer paths of PEM files
 */

/**
 * @param {string} directory a new directory
 * @param {ImageParts & { extension: string }} options `extension`: an image that goes beside the kernel image
 * @returns {Promise<{ disk: string, variables: string, sections: Readonly<Record<string, string>> }>} the disk, the
 *   firmware's variable store with the owner's keys, and the files of the measured sections by their names
 */
export async function makeUkiDisk(directory, { extension, ...parts }) {
  await mkdir(directory, { recursive: true })
  const at = (/** @type {string} */ name) => join(directory, name)
  const owner = await createSigner(directory, 'db')
  const { image, sections } = await buildImage(directory, parts)
  for (const [from, to] of [
    [loader, 'BOOTX64.EFI'],
    [image, 'recorded.efi'],
  ]) {
    const options = ['--key', owner.key, '--cert', owner.certificate, '--output', at(String(to))]
    await run('sbsign', [...options, String(from)])
  }
  await writeFile(at('recorded.cred'), 'a credential beside the kernel image\n')
  await writeFile(at('loader.conf'), 'timeout 0\n')
  const disk = await makeSystemPartition(at('esp.img'), {
    'EFI/BOOT/BOOTX64.EFI': at('BOOTX64.EFI'),
    'loader/loader.conf': at('loader.conf'),
    'EFI/Linux/recorded.efi': at('recorded.efi'),
    'EFI/Linux/recorded.efi.extra.d/recorded.cred': at('recorded.cred'),
    'EFI/Linux/recorded.efi.extra.d/recorded.raw': extension,
  })
  return { disk, variables: await enrolKeys(directory, owner), sections }
}

/**
 * Makes a system extension: an image that the stub hands to the system, measured into PCR 13.
 * @param {string} directory a new directory
 * @returns {Promise<string>} path
 */
export async function makeExtension(directory) {
  const releases = join(directory, 'usr/lib/extension-release.d')
  await mkdir(releases, { recursive: true })
  await writeFile(join(releases, 'extension-release.recorded'), 'ID=recorded\nVERSION_ID=1\n')
  await run('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-d', directory, `${directory}.raw`, '256K'])
  return `${directory}.raw`
}

/** @param {string} directory @param {string} name @returns {Promise<Signer>} with a throw-away key */
async function createSigner(directory, name) {
  const key = join(directory, `${name}.key`)
  const certificate = join(directory, `${name}.pem`)
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-sha256', '-days', '3650'],
    ...['-subj', `/CN=Recorder ${name}`, '-keyout', key, '-out', certificate],
  ])
  return { key, certificate }
}

/**
 * Puts the sections behind those of the stub. The stub measures the contents of each into PCR 11, but for the
 * signatures of the values that PCR 11 will have.
 * @param {string} directory
 * @param {ImageParts} parts
 */
async function buildImage(directory, { kernel, initrd, commandLine }) {
  const at = (/** @type {string} */ name) => join(directory, name)
  for (const [name, text] of Object.entries(textSections(commandLine))) await writeFile(at(name), text)
  const { key } = await createSigner(directory, 'pcr')
  await run('openssl', ['pkey', '-in', key, '-pubout', '-out', at('pcrpkey')])
  /** @type {Readonly<Record<string, string>>} */
  const sections = {
    linux: kernel,
    osrel: at('osrel'),
    cmdline: at('cmdline'),
    initrd,
    pcrpkey: at('pcrpkey'),
  }
  await writeFile(at('pcrsig'), await signKernelPcr(directory, sections, key))
  const args = []
  let address = await endOfSections(stub)
  for (const [name, file] of Object.entries({ ...sections, pcrsig: at('pcrsig') })) {
    args.push(
      '--add-section',
      `.${name}=${file}`,
      '--change-section-vma',
      `.${name}=0x${address.toString(16)}`,
    )
    address = align(address + (await stat(file)).size)
  }
  await run('objcopy', [...args, stub, at('unsigned.efi')])
  return { image: at('unsigned.efi'), sections }
}

/**
 * Signs the policies that hold while PCR 11 is what the stub makes of it. systemd has a TPM reckon the policies.
 * @param {string} directory
 * @param {Readonly<Record<string, string>>} sections
 * @param {string} key
 */
async function signKernelPcr(directory, sections, key) {
  const stateDirectory = join(directory, 'policy-tpm')
  await mkdir(stateDirectory)
  const swtpm = await startSwtpmForTools(stateDirectory, join(directory, 'policy.sock'), { resume: false })
  try {
    const keys = ['--private-key', key, '--public-key', String(sections['pcrpkey'])]
    const options = ['--bank=sha256', `--tpm2-device=${swtpm.tcti}`]
    return await run(measureTool, ['sign', ...sectionOptions(sections), ...keys, ...options])
  } finally {
    await swtpm.close()
  }
}

/** @param {Readonly<Record<string, string>>} sections */
const sectionOptions = (sections) => Object.entries(sections).map(([name, file]) => `--${name}=${file}`)

/** First address behind a PE file's sections. @param {string} file */
async function endOfSections(file) {
  const table = (await run('objdump', ['-h', '-w', file])).toString()
  const ends = [...table.matchAll(/^ +\d+ +\S+ +([0-9a-f]{8}) +([0-9a-f]{16}) /gm)].map(
    ([, size, address]) => Number.parseInt(String(size), 16) + Number.parseInt(String(address), 16),
  )
  return align(Math.max(...ends))
}

/** @param {number} address */
const align = (address) => Math.ceil(address / sectionAlignment) * sectionAlignment

/**
 * Has systemd-boot enrol the owner's keys in a firmware that has none: it finds them beside its configuration, writes
 * db, KEK and PK, and resets the machine, which from then on has Secure Boot on.
 * @param {string} directory
 * @param {Signer} owner of db
 * @returns {Promise<string>} path of the variable store
 */
async function enrolKeys(directory, owner) {
  const at = (/** @type {string} */ name) => join(directory, name)
  const platform = await createSigner(directory, 'PK')
  const exchange = await createSigner(directory, 'KEK')
  await writeUpdate(directory, 'PK', platform, platform)
  await writeUpdate(directory, 'KEK', exchange, platform)
  await writeUpdate(directory, 'db', owner, exchange)
  await writeFile(at('enrol.conf'), 'timeout 0\nsecure-boot-enroll force\n')
  const disk = await makeSystemPartition(at('enrol.img'), {
    'EFI/BOOT/BOOTX64.EFI': loader,
    'loader/loader.conf': at('enrol.conf'),
    'loader/keys/auto/PK.auth': at('PK.auth'),
    'loader/keys/auto/KEK.auth': at('KEK.auth'),
    'loader/keys/auto/db.auth': at('db.auth'),
  })
  const variables = at('variables.fd')
  await copyFile(variableStores.empty, variables)
  await runUntilReset({ disk, variables })
  return variables
}

/**
 * @param {string} directory where `<name>.auth` is made
 * @param {string} name of the variable
 * @param {Signer} content whose certificate it will hold
 * @param {Signer} authority that may write it
 */
async function writeUpdate(directory, name, content, authority) {
  const at = (/** @type {string} */ file) => join(directory, file)
  await run('cert-to-efi-sig-list', ['-g', ownerGuid, content.certificate, at(`${name}.esl`)])
  await run('sign-efi-sig-list', [
    ...['-g', ownerGuid, '-k', authority.key, '-c', authority.certificate],
    ...[name, at(`${name}.esl`), at(`${name}.auth`)],
  ])
}

/**
 * What the stub makes of PCR 11 by systemd's own reckoning.
 * @param {Readonly<Record<string, string>>} sections
 * @param {readonly string[]} banks
 * @returns {Promise<ReadonlyMap<string, string>>} hexadecimal value by bank
 */
export async function predictKernelPcr(sections, banks) {
  const options = [...sectionOptions(sections), '--phase=', ...banks.map((bank) => `--bank=${bank}`)]
  const text = (await run(measureTool, ['calculate', ...options])).toString()
  return new Map(
    [...text.matchAll(/^11:(\w+)=([0-9a-f]+)$/gm)].map(([, bank, value]) => [String(bank), String(value)]),
  )
}
