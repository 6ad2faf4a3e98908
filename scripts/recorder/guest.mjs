/**
 * What runs in the virtual machine once its kernel does: an initramfs that starts a small root file system, waits for
 * the measurements to settle, and shows them on the second serial port.
 * @module
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from './processes.mjs'
import { lastLine, pcrsOf, readLines, sectionOf } from './serial-lines.mjs'
import { banks } from './swtpm.mjs'

/**
 * The list and the PCRs belong together only when nothing was measured between reading one and the other, so they are
 * read again until the list has the same length before and after. What the initramfs itself runs is not measured: the
 * policy leaves out temporary file systems.
 * @param {readonly string[]} modules file names
 */
const init = (modules) => `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t securityfs sec /sys/kernel/security
for module in ${modules.join(' ')}; do insmod /lib/$module; done
until [ -e /dev/vdb ]; do sleep 1; done
mount -t ext4 /dev/vdb /system
mount -t devtmpfs dev /system/dev
chroot /system /bin/busybox sh /etc/rc
until [ -e /sys/class/tpm/tpm0/pcr-sha256/0 ]; do sleep 1; done
ima=/sys/kernel/security/ima
while true; do
  before=$(cat $ima/runtime_measurements_count)
  cat $ima/binary_runtime_measurements > /ima.bin
  for bank in ${banks.join(' ')}; do
    for pcr in /sys/class/tpm/tpm0/pcr-$bank/*; do echo "PCR $bank \${pcr##*/} $(cat $pcr)"; done
  done > /pcrs.txt
  [ $before = $(cat $ima/runtime_measurements_count) ] && break
done
exec > /dev/ttyS1
show() { echo "BEGIN $1"; base64 "$2"; echo "END $1"; }
show eventlog /sys/kernel/security/tpm0/binary_bios_measurements
show ima /ima.bin
cat /pcrs.txt
echo ${lastLine}
exec sleep 100000
`

/**
 * @param {string} directory where `initrd.gz` is made
 * @param {readonly string[]} modules paths, in the order in which they are inserted
 * @returns {Promise<string>} path
 */
export async function packInitramfs(directory, modules) {
  const root = join(directory, 'initramfs')
  for (const name of ['bin', 'lib', 'proc', 'sys', 'dev', 'system'])
    await mkdir(join(root, name), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  for (const file of modules) await copyFile(file, join(root, 'lib', basename(file)))
  await writeFile(join(root, 'init'), init(modules.map((file) => basename(file))), { mode: 0o755 })
  // Two machines with the same files are to measure the same.
  await run('find', ['.', '-exec', 'touch', '-h', '-d', '@0', '{}', '+'], { cwd: root })
  const pack = 'find . | LC_ALL=C sort | cpio -o -H newc --reproducible --quiet | gzip -9n > ../initrd.gz'
  await run('sh', ['-c', pack], { cwd: root })
  return join(directory, 'initrd.gz')
}

/**
 * What the guest says of its boot.
 * @param {import('node:child_process').ChildProcess} qemu
 * @returns {Promise<{ eventLog: Buffer, imaLog: Buffer, pcrs: import('./attestation.mjs').Pcrs }>}
 */
export async function readGuest(qemu) {
  const lines = await readLines(qemu)
  return {
    eventLog: sectionOf(lines, 'eventlog'),
    imaLog: sectionOf(lines, 'ima'),
    pcrs: pcrsOf(lines, 'PCR'),
  }
}
