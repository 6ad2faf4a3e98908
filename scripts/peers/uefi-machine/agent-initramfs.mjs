/**
 * What runs in the virtual machine: an initramfs with Node, programs for it, and a shell on the second serial port.
 * @module
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { runToEnd } from '../supervised-process.mjs'
import { bundlePrograms } from './bundle-programs.mjs'
import { serveShell } from './serial-shell.mjs'

/**
 * A machine as an operator leaves it: file systems, network, TPM, and then someone at the serial console. The address is
 * the one that QEMU's user-mode network gives its first guest.
 * @param {readonly string[]} modules file names
 */
const init = (modules) => `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t securityfs sec /sys/kernel/security
mount -t tmpfs -o mode=0755 run /run
for module in ${modules.join(' ')}; do insmod /lib/$module; done
until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
until [ -e /dev/tpmrm0 ]; do sleep 0.1; done
${serveShell('/dev/ttyS1')}
`

/**
 * Libraries that a program loads. @param {string} program @returns {Promise<string[]>} paths
 */
async function librariesOf(program) {
  const listed = await runToEnd('ldd', [program])
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => String(path))
}

/**
 * Packs the initramfs.
 * @param {string} directory where it is made
 * @param {object} contents
 * @param {readonly string[]} contents.modules paths of kernel modules, in the order in which they are inserted
 * @param {Readonly<Record<string, string>>} contents.programs TypeScript sources, each to be run in the guest as
 *   `/agent/NAME`
 * @returns {Promise<string>} path
 */
export async function packAgentInitramfs(directory, { modules, programs }) {
  const root = join(directory, 'initramfs')
  for (const name of ['bin', 'lib', 'proc', 'sys', 'dev', 'run', 'tmp', 'agent'])
    await mkdir(join(root, name), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  for (const file of modules) await copyFile(file, join(root, 'lib', basename(file)))
  await runToEnd('strip', ['-o', join(root, 'bin/node'), process.execPath])
  for (const library of await librariesOf(process.execPath)) {
    await mkdir(dirname(join(root, library)), { recursive: true })
    await copyFile(library, join(root, library))
  }
  await bundlePrograms(programs, join(root, 'agent'))
  await writeFile(join(root, 'init'), init(modules.map((file) => basename(file))), { mode: 0o755 })
  // Two machines with the same files are to measure the same.
  const pack =
    'cd "$0" && find . -exec touch -h -d @0 {} + && find . | LC_ALL=C sort | ' +
    'cpio -o -H newc --reproducible --quiet | zstd -q -3 -o "$1"'
  const image = join(directory, 'initrd.zst')
  await runToEnd('/bin/sh', ['-c', pack, root, image])
  return image
}
