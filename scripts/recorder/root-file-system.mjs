/**
 * Root file systems of the virtual machine. What runs and is read from them is measured by IMA, unlike the initramfs.
 * @module
 */
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from './processes.mjs'

const shebang = '#!/bin/busybox sh\n'

/** A handful of files, for a short list. */
const smallSystem = {
  'etc/rc': `${shebang}/bin/hello\ncat /etc/hostname /etc/os-release /etc/services.d/*\n`,
  'bin/hello': `${shebang}. /etc/os-release\necho "hello from $NAME"\n`,
  'etc/hostname': 'recorded\n',
  'etc/os-release': 'NAME="Recorded"\nID=recorded\nVERSION_ID=1\n',
  'etc/services.d/agent': 'exec=/bin/hello\n',
  'etc/services.d/web server': 'exec=/bin/hello --port 80\n',
}

/**
 * Runs the distribution's programs, then reads every file. Twice a file is written to while it is measured, which IMA
 * lists as a violation: it is open for writing when it is read, and open for reading when it is written.
 */
const busySystem = {
  'etc/rc': `${shebang}for program in /bin/* /usr/bin/*; do
  [ -L $program ] || $program --version < /dev/null
done > /dev/null 2>&1
exec 3>> /var/log/agent.log
echo started >&3
cat /var/log/agent.log
exec 4< /etc/motd
cat <&4
echo changed >> /etc/motd
find / -xdev -type f | LC_ALL=C sort | /usr/bin/xargs -d '\\n' cat > /dev/null
`,
  'etc/hostname': 'recorded\n',
  'etc/motd': 'welcome\n',
  'etc/services.d/web server': 'exec=/bin/hello --port 80\n',
  'etc/services.d/größe': 'exec=/bin/du\n',
  'var/log/agent.log': 'made\n',
}

/** Debian packages of the busy system: its programs, and the libraries that they load. */
export const busyPackages = [
  ...[
    'base-files',
    'base-passwd',
    'coreutils',
    'dash',
    'findutils',
    'grep',
    'gzip',
    'hostname',
    'netbase',
    'sed',
  ],
  ...['libacl1', 'libattr1', 'libc6', 'libgmp10', 'libpcre2-8-0', 'libselinux1'],
]

/** In these directories files carry signatures: programs by the one key, libraries by the other. */
const signedDirectories = [
  { directory: 'bin', kind: 'ecc-p256', options: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] },
  { directory: 'lib/x86_64-linux-gnu', kind: 'rsa-2048', options: ['rsa:2048'] },
]

/** @param {string} directory a new directory @returns {Promise<string>} path of the image */
export async function makeSmallSystem(directory) {
  const root = join(directory, 'system')
  await mkdir(join(root, 'bin'), { recursive: true })
  await run('ln', ['-s', 'busybox', join(root, 'bin/cat')])
  return packSystem(root, smallSystem, 16)
}

/**
 * @param {string} directory a new directory
 * @param {string} packages where {@link busyPackages} are unpacked
 * @param {{ signed: boolean }} options `signed`: some files carry IMA signatures (`security.ima`)
 * @returns {Promise<{ image: string, signers: readonly string[] }>} paths of the image and of the signers' certificates
 */
export async function makeBusySystem(directory, packages, { signed }) {
  const root = join(directory, 'system')
  await mkdir(directory, { recursive: true })
  await run('cp', ['-a', packages, root])
  // Translations and manuals would be most of the list.
  await run('rm', ['-r', ...['locale', 'man', 'info'].map((name) => join(root, 'usr/share', name))])
  const image = await packSystem(root, busySystem, 96)
  return { image, signers: signed ? await signFiles(root, image) : [] }
}

/**
 * @param {string} root directory of the files, to which busybox and the given ones are added
 * @param {Readonly<Record<string, string>>} files
 * @param {number} megabytes
 */
async function packSystem(root, files, megabytes) {
  await mkdir(join(root, 'dev'), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { mode: 0o755 })
  }
  const image = `${root}.img`
  await run('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-d', root, image, `${megabytes}M`])
  return image
}

/**
 * Writes the signatures straight into the image: on the recorder's own file system the attribute would take privileges
 * and a file system that has it.
 * @param {string} root @param {string} image
 */
async function signFiles(root, image) {
  const signers = []
  let script = ''
  for (const { directory, kind, options } of signedDirectories) {
    const key = `${image}.${kind}.key`
    const certificate = join(dirname(image), `ima-signer-${kind}.der`)
    await run('openssl', [
      ...['req', '-x509', '-newkey', ...options, '-nodes', '-sha256', '-days', '3650', '-outform', 'DER'],
      ...['-subj', `/CN=Recorder IMA ${kind}`, '-keyout', key, '-out', certificate],
    ])
    for (const entry of await readdir(join(root, directory), { withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(directory, entry.name)
      const hex = await run('evmctl', ['ima_sign', '-n', '--key', key, join(root, path)])
      const signature = `${image}.${kind}.${entry.name}.sig`
      await writeFile(signature, Buffer.from(hex.toString().trim(), 'hex'))
      script += `ea_set -f ${signature} "/${path}" security.ima\n`
    }
    signers.push(certificate)
  }
  await writeFile(`${image}.debugfs`, script)
  await run('debugfs', ['-w', '-f', `${image}.debugfs`, image])
  return signers
}
