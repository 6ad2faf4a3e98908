/**
 * The distribution's own chain: shim, GRUB and the signed kernel.
 * @module
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSystemPartition } from './system-partition.mjs'
import { variableStores } from './virtual-machine.mjs'

/** Packages with the loaders, as signed by Microsoft and by Debian. */
export const grubPackages = ['shim-signed', 'grub-efi-amd64-signed']

/**
 * A boot loader configuration in the shape that distributions generate: GRUB measures each command that it runs, so
 * the log has as many events as that of a real machine. `linuxefi` starts the kernel through its EFI stub also without
 * Secure Boot, where plain `linux` does not and the kernel would never see the event log.
 * @param {string} commandLine
 * @param {string} firstEntry menu entry that stands before all others, and so is the one that boots; or empty
 */
const grubConfiguration = (commandLine, firstEntry) => `set timeout=0
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
${firstEntry}menuentry 'GNU/Linux' --class gnu-linux --class os $menuentry_id_option 'gnulinux-simple' {
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

/** An entry as someone with write access to the boot partition adds it. @param {string} commandLine */
const maintenanceEntry = (
  commandLine,
) => `menuentry 'Maintenance' --class gnu-linux $menuentry_id_option 'maintenance' {
  set check_signatures=no
  export check_signatures
  echo 'Maintenance'
  search --no-floppy --file --set=root /vmlinuz
  linuxefi /vmlinuz ${commandLine}
  initrdefi /initrd.gz
}
`

/**
 * @param {string} directory a new directory
 * @param {{
 *   loaders: string, kernel: string, initrd: string, commandLine: string, secureBoot: boolean, maintenance: boolean
 * }} options `loaders`: where {@link grubPackages} are unpacked; `maintenance`: with {@link maintenanceEntry}
 * @returns {Promise<{ disk: string, variables: string }>} the disk and the firmware's variable store
 */
export async function makeGrubDisk(
  directory,
  { loaders, kernel, initrd, commandLine, secureBoot, maintenance },
) {
  await mkdir(directory, { recursive: true })
  const configuration = join(directory, 'grub.cfg')
  const variables = join(directory, 'variables.fd')
  await writeFile(
    configuration,
    grubConfiguration(commandLine, maintenance ? maintenanceEntry(commandLine) : ''),
  )
  await copyFile(secureBoot ? variableStores.microsoft : variableStores.empty, variables)
  const disk = await makeSystemPartition(join(directory, 'esp.img'), {
    'EFI/BOOT/BOOTX64.EFI': join(loaders, 'usr/lib/shim/shimx64.efi.signed'),
    'EFI/BOOT/grubx64.efi': join(loaders, 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed'),
    'EFI/debian/grub.cfg': configuration,
    vmlinuz: kernel,
    'initrd.gz': initrd,
  })
  return { disk, variables }
}
