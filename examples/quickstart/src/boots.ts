import { readFile } from 'node:fs/promises'
import { parseEventLog } from '@trusthold/core/measured-boot'
import type { TpmTransport } from '@trusthold/core/ports'
import { extendPcr } from '@trusthold/tpm-adapter'

/** Logs of real boots of a virtual machine, recorded from its firmware, shim, GRUB and kernel. */
const boots = {
  /** Secure Boot on, Debian's own chain. */
  approved: 'boot-secure',
  /** The same machine, started with another kernel command line. */
  changed: 'boot-debug',
} as const

/** Name of a boot. */
export type BootName = keyof typeof boots

/** The recorded event log of a boot. */
export function readBootLog(name: BootName): Promise<Uint8Array> {
  return readFile(new URL(`../../../test/recordings/${boots[name]}/eventlog.bin`, import.meta.url))
}

/** PCR banks of the demo's TPMs. */
export const banks = ['sha1', 'sha256', 'sha384'] as const

/**
 * Boots a TPM that no firmware has measured into: extends its PCRs with what the log says, as the firmware would have
 * done. From then on TPM and log belong together.
 */
export async function measureBoot(transport: TpmTransport, bytes: Uint8Array): Promise<void> {
  for (const { pcr, typeName, digests } of parseEventLog(bytes).events) {
    if (typeName === 'EV_NO_ACTION') continue
    const known = banks.flatMap((bank) => {
      const digest = digests.get(bank)
      return digest === undefined ? [] : [{ hashAlg: bank, digest }]
    })
    await extendPcr(transport, { pcr, digests: known })
  }
}
