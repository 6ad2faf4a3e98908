/**
 * What tagged events of ESXi are about, by their id. The boot loader makes all of these but 5, which is the kernel's.
 * 1 is not used. ESXi boot loader, `tpm.c`.
 */
export const esxiTags = {
  module: 2,
  bootOption: 3,
  commandLine: 4,
  securityOption: 5,
  assetTag: 6,
  signer: 7,
  version: 8,
} as const
