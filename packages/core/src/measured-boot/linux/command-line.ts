/** A kernel's command line, as it was measured. */
export interface KernelCommandLine {
  /** Whose measurement it is: GRUB's in PCR 8, or systemd-boot's and systemd-stub's in PCR 12. */
  readonly source: 'grub' | 'systemd'
  /** As it was measured, with the image's name where GRUB puts it first. */
  readonly text: string
  /** The image's name as GRUB has it; systemd's loaders measure none. The kernel sees it after `BOOT_IMAGE=`. */
  readonly image: string | undefined
  /** What comes after the image's name: see `splitKernelParameters`. */
  readonly parameters: string
  /** The event in PCR 9 by which the kernel's own stub measured the same; kernels before 6.1 measure none. */
  readonly confirmedBy?: number
}
