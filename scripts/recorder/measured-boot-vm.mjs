/**
 * Boots a small virtual machine with UEFI firmware and a TPM, and leaves two things: what the guest's kernel says of
 * its own boot (event log, IMA log, PCRs), and the state of the TPM as that boot left it, ready to be resumed.
 *
 * The chain is the distribution's own: OVMF, shim, GRUB and the signed cloud kernel, with a busybox initramfs. QEMU
 * runs in software emulation, so no KVM is needed; a boot takes 15 to 30 seconds.
 *
 * PCRs must survive the machine. A QEMU that ends in order tells swtpm to shut down, and the PCRs are gone. So the
 * guest only idles when it is done, and QEMU is killed, which leaves swtpm running; swtpm is then asked to store its
 * volatile state. A new swtpm over the same directory goes on where the guest's TPM stopped.
 * @module
 */
import { access, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ended, run, start } from './processes.mjs'
import { banks, startSwtpmForQemu, volatileStateFile } from './swtpm.mjs'

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd'
/** Variable stores: with Microsoft's keys enrolled, and without any. */
const variableStores = { on: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd', off: '/usr/share/OVMF/OVMF_VARS_4M.fd' }
const bootTimeoutMs = 300_000

/** Drivers of the disk, which the cloud kernel has as modules, in the order in which they need each other. */
const diskModules = [
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_blk',
]

/** Files of the root file system: what runs and is read from there is measured by IMA, unlike the initramfs. */
const systemFiles = {
  'etc/rc': '#!/bin/busybox sh\n/bin/hello\ncat /etc/hostname /etc/os-release /etc/services.d/*\n',
  'bin/hello': '#!/bin/busybox sh\n. /etc/os-release\necho "hello from $NAME"\n',
  'etc/hostname': 'recorded\n',
  'etc/os-release': 'NAME="Recorded"\nID=recorded\nVERSION_ID=1\n',
  'etc/services.d/agent': 'exec=/bin/hello\n',
  'etc/services.d/web server': 'exec=/bin/hello --port 80\n',
}

const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t securityfs sec /sys/kernel/security
for module in ${diskModules.join(' ')}; do insmod /lib/$module.ko; done
until [ -e /dev/vdb ]; do sleep 1; done
mount -t ext4 -o ro /dev/vdb /system
chroot /system /bin/busybox sh /etc/rc
until [ -e /sys/class/tpm/tpm0/pcr-sha256/0 ]; do sleep 1; done
exec > /dev/ttyS1
show() { echo "BEGIN $1"; base64 "$2"; echo "END $1"; }
show eventlog /sys/kernel/security/tpm0/binary_bios_measurements
show ima /sys/kernel/security/ima/binary_runtime_measurements
for bank in ${banks.join(' ')}; do
  for pcr in /sys/class/tpm/tpm0/pcr-$bank/*; do echo "PCR $bank \${pcr##*/} $(cat $pcr)"; done
done
echo DONE
exec sleep 100000
`

/**
 * A boot loader configuration in the shape that distributions generate: GRUB measures each command that it runs, so
 * the log has as many events as that of a real machine. `linuxefi` starts the kernel through its EFI stub also without
 * Secure Boot, where plain `linux` does not and the kernel would never see the event log.
 * @param {string} commandLine
 */
const grubConfiguration = (commandLine) => `set timeout=0
set default=0
set have_grubenv=
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "\${next_entry}" ]; then
  set default="\${next_entry}"
  set next_entry=
  save_env next_entry
  set boot_once=true
else
  set default="0"
fi
if [ x"\${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function savedefault {
  if [ -z "\${boot_once}" ]; then
    saved_entry="\${chosen}"
    save_env saved_entry
  fi
}
function load_video {
  if [ x$feature_all_video_module = xy ]; then
    insmod all_video
  else
    insmod efi_gop
    insmod efi_uga
    insmod video_bochs
  fi
}
if [ x$feature_default_font_path = xy ]; then
  font=unicode
else
  insmod part_gpt
  insmod ext2
  font="/usr/share/grub/unicode.pf2"
fi
set gfxmode=auto
set locale_dir=$prefix/locale
set lang=en_GB
insmod gettext
terminal_input console
terminal_output console
set timeout_style=hidden
set theme=
set menu_color_normal=cyan/blue
set menu_color_highlight=white/blue
set linux_gfx_mode=text
export linux_gfx_mode
for module in gzio part_gpt part_msdos fat ext2 normal configfile search search_fs_uuid search_fs_file linux echo test regexp minicmd true halt reboot sleep ls cat tpm part_apple iso9660 loopback probe help password_pbkdf2; do
  insmod $module
done
menuentry 'GNU/Linux' --class gnu-linux --class os $menuentry_id_option 'gnulinux-simple' {
  if [ x$grub_platform = xxen ]; then
    insmod xzio
  fi
  echo 'Loading Linux ...'
  search --no-floppy --file --set=root /vmlinuz
  linuxefi /vmlinuz ${commandLine}
  echo 'Loading initial ramdisk ...'
  initrdefi /initrd.gz
}
menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {
  fwsetup
}
`

/** @returns {Promise<{ image: string, release: string }>} the newest installed cloud kernel */
export async function findKernel() {
  const images = (await readdir('/boot')).filter((name) => /^vmlinuz-.*-cloud-amd64$/.test(name)).sort()
  const newest = images.at(-1)
  if (newest === undefined) throw new Error('no cloud kernel in /boot: install linux-image-cloud-amd64')
  return { image: join('/boot', newest), release: newest.slice('vmlinuz-'.length) }
}

/**
 * Fetches the signed boot loaders, unpacks them without installing, and packs the initramfs.
 * @param {string} directory a new directory for the parts
 */
export async function prepareBootParts(directory) {
  const kernel = await findKernel()
  await packInitramfs(directory, kernel.release)
  await packSystem(directory)
  await run('apt-get', ['download', 'shim-signed', 'grub-efi-amd64-signed'], { cwd: directory })
  const archives = (await readdir(directory)).filter((name) => name.endsWith('.deb')).sort()
  for (const archive of archives) await run('dpkg', ['-x', archive, 'loaders'], { cwd: directory })
  const loaders = join(directory, 'loaders/usr/lib')
  return {
    archives,
    shim: join(loaders, 'shim/shimx64.efi.signed'),
    grub: join(loaders, 'grub/x86_64-efi-signed/grubx64.efi.signed'),
    initrd: join(directory, 'initrd.gz'),
    system: join(directory, 'system.img'),
    kernel: kernel.image,
  }
}

/** @param {string} directory @param {string} release */
async function packInitramfs(directory, release) {
  const root = join(directory, 'initramfs')
  for (const name of ['bin', 'lib', 'proc', 'sys', 'dev', 'system'])
    await mkdir(join(root, name), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  for (const name of diskModules) {
    const file = (await run('modinfo', ['-k', release, '-n', name])).toString().trim()
    await copyFile(file, join(root, 'lib', `${name}.ko`))
  }
  await writeFile(join(root, 'init'), init, { mode: 0o755 })
  const pack = 'find . | LC_ALL=C sort | cpio -o -H newc --reproducible --quiet | gzip -9n > ../initrd.gz'
  await run('sh', ['-c', pack], { cwd: root })
}

/** @param {string} directory */
async function packSystem(directory) {
  const root = join(directory, 'system')
  for (const name of ['bin', 'dev', 'etc/services.d']) await mkdir(join(root, name), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  await run('ln', ['-s', 'busybox', join(root, 'bin/cat')])
  for (const [path, text] of Object.entries(systemFiles))
    await writeFile(join(root, path), text, { mode: 0o755 })
  await run('mke2fs', [
    '-q',
    '-t',
    'ext4',
    '-O',
    '^has_journal',
    '-d',
    root,
    join(directory, 'system.img'),
    '16M',
  ])
}

/** @typedef {Awaited<ReturnType<typeof prepareBootParts>>} BootParts */

/**
 * Makes the EFI system partition.
 * @param {string} directory
 * @param {BootParts} parts
 * @param {string} commandLine
 */
async function makeSystemPartition(directory, parts, commandLine) {
  const image = join(directory, 'esp.img')
  const configuration = join(directory, 'grub.cfg')
  await writeFile(configuration, grubConfiguration(commandLine))
  await run('truncate', ['-s', '96M', image])
  // A fixed volume id keeps two partitions apart only in what they hold.
  await run('mkfs.vfat', ['-F', '32', '-i', '54525553', image])
  await run('mmd', ['-i', image, '::/EFI', '::/EFI/BOOT', '::/EFI/debian'])
  const files = [
    [parts.shim, 'EFI/BOOT/BOOTX64.EFI'],
    [parts.grub, 'EFI/BOOT/grubx64.efi'],
    [configuration, 'EFI/debian/grub.cfg'],
    [parts.kernel, 'vmlinuz'],
    [parts.initrd, 'initrd.gz'],
  ]
  for (const [from, to] of files) await run('mcopy', ['-i', image, String(from), `::/${to}`])
  return image
}

/**
 * @param {{ directory: string, stateDirectory: string, parts: BootParts, secureBoot: boolean, commandLine: string }} options
 *   `directory` is a new one; `stateDirectory` holds a manufactured TPM and then has its state after the boot
 * @returns {Promise<{ eventLog: Buffer, imaLog: Buffer, pcrs: Record<string, Record<string, string>>, command: string }>}
 */
export async function bootMeasuredVm({ directory, stateDirectory, parts, secureBoot, commandLine }) {
  await mkdir(directory, { recursive: true })
  const tpmSocket = join(directory, 'tpm.sock')
  const variables = join(directory, 'variables.fd')
  const disk = await makeSystemPartition(directory, parts, commandLine)
  await copyFile(secureBoot ? variableStores.on : variableStores.off, variables)
  // A machine that is switched on does not resume.
  await rm(volatileStateFile(stateDirectory), { force: true })
  const swtpm = await startSwtpmForQemu(stateDirectory, tpmSocket)
  const args = [
    ...['-machine', 'q35,smm=on', '-accel', 'tcg', '-cpu', 'max', '-m', '768'],
    ...['-display', 'none', '-no-reboot', '-nic', 'none'],
    ...['-serial', `file:${join(directory, 'console.log')}`, '-serial', 'stdio'],
    ...['-chardev', `socket,id=chrtpm,path=${tpmSocket}`],
    ...['-tpmdev', 'emulator,id=tpm0,chardev=chrtpm', '-device', 'tpm-tis,tpmdev=tpm0'],
    ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${firmware}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
    ...['-drive', `file=${disk},format=raw,if=virtio`],
    ...['-drive', `file=${parts.system},format=raw,if=virtio,readonly=on`],
  ]
  const qemu = start('qemu-system-x86_64', args)
  try {
    const lines = await readGuest(qemu)
    qemu.kill('SIGKILL')
    await ended(qemu)
    await run('swtpm_ioctl', ['--unix', tpmSocket, '-v'])
    await access(volatileStateFile(stateDirectory))
    return { ...parseGuest(lines), command: ['qemu-system-x86_64', ...args].join(' ') }
  } finally {
    for (const child of [qemu, swtpm]) {
      child.kill('SIGKILL')
      await ended(child)
    }
  }
}

/**
 * Collects what the guest writes to its second serial port, up to its last line.
 * @param {import('node:child_process').ChildProcess} qemu
 * @returns {Promise<string[]>}
 */
async function readGuest(qemu) {
  if (qemu.stdout === null || qemu.stderr === null) throw new Error('QEMU has no pipes')
  let complaint = ''
  qemu.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const timer = setTimeout(() => qemu.kill('SIGKILL'), bootTimeoutMs)
  const lines = []
  for await (const line of createInterface({ input: qemu.stdout })) {
    if (line.trim() === 'DONE') {
      clearTimeout(timer)
      return lines
    }
    lines.push(line.trim())
  }
  clearTimeout(timer)
  throw new Error(`the guest did not finish its boot; QEMU says: ${complaint}`)
}

/** @param {readonly string[]} lines */
function parseGuest(lines) {
  const section = (/** @type {string} */ name) => {
    const from = lines.indexOf(`BEGIN ${name}`)
    const to = lines.indexOf(`END ${name}`)
    if (from === -1 || to < from) throw new Error(`the guest did not show its ${name}`)
    return Buffer.from(lines.slice(from + 1, to).join(''), 'base64')
  }
  /** @type {Record<string, Record<string, string>>} */
  const pcrs = Object.fromEntries(banks.map((bank) => [bank, {}]))
  for (const line of lines) {
    const [, bank, pcr, value] = /^PCR (\w+) (\d+) ([0-9A-F]+)$/.exec(line) ?? []
    const values = bank === undefined ? undefined : pcrs[bank]
    if (values !== undefined && pcr !== undefined && value !== undefined) values[pcr] = value.toLowerCase()
  }
  return { eventLog: section('eventlog'), imaLog: section('ima'), pcrs }
}
