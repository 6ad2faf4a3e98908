/**
 * Boots a small virtual machine with a TPM whose kernel keeps an IMA list, and takes from it the list in both forms and
 * the PCRs that the kernel reports. The firmware is QEMU's own, since only the list matters here; QEMU runs in software
 * emulation, so no KVM is needed, and a boot takes about 20 seconds.
 * @module
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ended, run, start } from './processes.mjs'
import { lastLine, pcrsOf, readLines, sectionOf } from './serial-lines.mjs'
import { banks, startSwtpmForQemu } from './swtpm.mjs'

const guestSource = fileURLToPath(new URL('ima-guest.c', import.meta.url))

/** Drivers of the disk, which the cloud kernel has as modules, in the order in which they need each other. */
const diskModules = [
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_blk',
]

/** Deep enough that its path is longer than the 255 characters that the template `ima` has room for. */
const deepPath = `${'a-directory-with-a-long-name/'.repeat(9)}deep-file`

/** Files of the root file system, which IMA measures, unlike the initramfs. */
const systemFiles = {
  'etc/rc': `#!/bin/busybox sh
/bin/hello
cat /etc/hostname /etc/os-release "/etc/web server" /etc/größe /${deepPath}
cat /etc/signed-* /etc/verity
exec 3>>/etc/log
cat /etc/log
exec 3>&-
exec 4</etc/changed
echo changed >> /etc/changed
exec 4<&-
cat /etc/changed
`,
  'bin/hello': '#!/bin/busybox sh\n. /etc/os-release\necho "hello from $NAME"\n',
  'etc/hostname': 'recorded\n',
  'etc/os-release': 'NAME="Recorded"\nID=recorded\nVERSION_ID=1\n',
  'etc/web server': 'exec=/bin/hello --port 80\n',
  'etc/größe': '1\n',
  'etc/log': 'started\n',
  'etc/changed': 'old\n',
  'etc/verity': 'covered by fs-verity\n',
  'etc/signed-rsa': 'signed with RSA\n',
  'etc/signed-ecc': 'signed with ECDSA\n',
  [deepPath]: 'deep\n',
}

const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t securityfs sec /sys/kernel/security
for module in ${diskModules.join(' ')}; do insmod /lib/$module.ko; done
until [ -e /dev/vda ]; do sleep 1; done
mount -t ext4 /dev/vda /system
[ -s /policy ] && cat /policy > /sys/kernel/security/ima/policy
ima-guest enable-verity /system/etc/verity
ima-guest add-key _vendor /certificate.der
until [ -e /sys/class/tpm/tpm0/pcr-sha256/0 ]; do sleep 1; done
exec > /dev/ttyS1
pcrs() {
  for bank in ${banks.join(' ')}; do
    for pcr in /sys/class/tpm/tpm0/pcr-$bank/*; do echo "$1 $bank \${pcr##*/} $(cat $pcr)"; done
  done
}
show() { echo "BEGIN $1"; base64 "$2"; echo "END $1"; }
echo "EARLY-COUNT $(cat /sys/kernel/security/ima/runtime_measurements_count)"
pcrs EARLY-PCR
chroot /system /bin/busybox sh /etc/rc > /dev/null
[ -e /late ] && . /late > /dev/null
show binary /sys/kernel/security/ima/binary_runtime_measurements
show ascii /sys/kernel/security/ima/ascii_runtime_measurements
echo "COUNT $(cat /sys/kernel/security/ima/runtime_measurements_count)"
echo "VIOLATIONS $(cat /sys/kernel/security/ima/violations)"
pcrs PCR
echo ${lastLine}
exec sleep 100000
`

/**
 * Makes what all boots share: a static program for the guest, and signing keys with their certificates.
 * @param {string} directory a new directory
 */
export async function prepareGuest(directory) {
  await mkdir(directory, { recursive: true })
  const program = join(directory, 'ima-guest')
  await run('gcc', ['-static', '-O2', '-Wall', '-Werror', '-o', program, guestSource])
  const keys = {
    rsa: await makeKey(directory, 'rsa', ['-newkey', 'rsa:2048']),
    ecc: await makeKey(directory, 'ecc', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']),
  }
  return { program, keys }
}

/** @typedef {Awaited<ReturnType<typeof prepareGuest>>} Guest */
/** @typedef {import('./attestation.mjs').Pcrs} Pcrs */

/** @param {string} directory @param {string} name @param {readonly string[]} newKey */
async function makeKey(directory, name, newKey) {
  const at = (/** @type {string} */ suffix) => join(directory, `${name}${suffix}`)
  await run('openssl', [
    ...['req', '-x509', '-nodes', '-days', '36500', '-subj', `/CN=recorded ${name} signer`, ...newKey],
    ...['-keyout', at('.key'), '-outform', 'DER', '-out', at('.der')],
  ])
  await run('openssl', ['x509', '-in', at('.der'), '-inform', 'DER', '-pubkey', '-noout', '-out', at('.pub')])
  return { key: at('.key'), certificate: at('.der'), publicKey: at('.pub') }
}

/**
 * @param {string} directory
 * @param {Guest} guest
 * @param {{ release: string, policy: string, late: string }} boot
 */
async function packInitramfs(directory, { program, keys }, { release, policy, late }) {
  const root = join(directory, 'initramfs')
  for (const name of ['bin', 'lib', 'proc', 'sys', 'dev', 'system'])
    await mkdir(join(root, name), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  await copyFile(program, join(root, 'bin/ima-guest'))
  await copyFile(keys.rsa.certificate, join(root, 'certificate.der'))
  for (const name of diskModules) {
    const file = (await run('modinfo', ['-k', release, '-n', name])).toString().trim()
    await copyFile(file, join(root, 'lib', `${name}.ko`))
  }
  if (policy !== '') await writeFile(join(root, 'policy'), policy)
  if (late !== '') await writeFile(join(root, 'late'), late)
  await writeFile(join(root, 'init'), init, { mode: 0o755 })
  const pack = 'find . | LC_ALL=C sort | cpio -o -H newc --reproducible --quiet | gzip -1n > ../initrd.gz'
  await run('sh', ['-c', pack], { cwd: root })
  return join(directory, 'initrd.gz')
}

/** Makes the root file system; evmctl signs two of its files. @param {string} directory @param {Guest} guest */
async function packSystem(directory, { keys }) {
  const root = join(directory, 'system')
  await mkdir(join(root, 'bin'), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  await run('ln', ['-s', 'busybox', join(root, 'bin/cat')])
  for (const [path, text] of Object.entries(systemFiles)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), text, { mode: 0o755 })
  }
  for (const [name, { key }] of Object.entries(keys))
    await run('evmctl', ['ima_sign', '--hashalgo', 'sha256', '--key', key, join(root, `etc/signed-${name}`)])
  const image = join(directory, 'system.img')
  await run('mke2fs', [
    ...['-q', '-t', 'ext4', '-b', '4096', '-O', '^has_journal,verity', '-d', root, image, '16M'],
  ])
  return image
}

/**
 * @param {{ directory: string, stateDirectory: string, guest: Guest, kernel: { image: string, release: string },
 *   commandLine: string, policy?: string, late?: string }} options `directory` is a new one; `stateDirectory` holds a
 *   manufactured TPM; `policy` replaces the kernel's own once the disk is there; `late` are commands of the guest
 * @returns {Promise<{ binary: Buffer, ascii: Buffer, count: number, violations: number, pcrs: Pcrs,
 *   early: { count: number, pcrs: Pcrs } }>} `early`: as things were before the guest's programs ran
 */
export async function bootImaVm({
  directory,
  stateDirectory,
  guest,
  kernel,
  commandLine,
  policy = '',
  late = '',
}) {
  await mkdir(directory, { recursive: true })
  const initrd = await packInitramfs(directory, guest, { release: kernel.release, policy, late })
  const system = await packSystem(directory, guest)
  const tpmSocket = join(directory, 'tpm.sock')
  const swtpm = await startSwtpmForQemu(stateDirectory, tpmSocket)
  const qemu = start('qemu-system-x86_64', [
    ...['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', '512'],
    ...['-display', 'none', '-no-reboot', '-nic', 'none'],
    ...['-serial', `file:${join(directory, 'console.log')}`, '-serial', 'stdio'],
    ...['-chardev', `socket,id=chrtpm,path=${tpmSocket}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=chrtpm', '-device', 'tpm-tis,tpmdev=tpm0'],
    ...['-kernel', kernel.image, '-initrd', initrd, '-append', `console=ttyS0 ${commandLine}`],
    ...['-drive', `file=${system},format=raw,if=virtio`],
  ])
  try {
    return parseGuest(await readLines(qemu))
  } finally {
    for (const child of [qemu, swtpm]) {
      child.kill('SIGKILL')
      await ended(child)
    }
  }
}

/** @param {readonly string[]} lines */
function parseGuest(lines) {
  const number = (/** @type {string} */ name) =>
    Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1))
  return {
    binary: sectionOf(lines, 'binary'),
    ascii: sectionOf(lines, 'ascii'),
    count: number('COUNT'),
    violations: number('VIOLATIONS'),
    pcrs: pcrsOf(lines, 'PCR'),
    early: { count: number('EARLY-COUNT'), pcrs: pcrsOf(lines, 'EARLY-PCR') },
  }
}
