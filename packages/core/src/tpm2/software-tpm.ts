/**
 * What Trusthold's software TPM says of itself, so that whoever appraises it knows: the first 32 bits of every firmware
 * version, as TPM2_GetCapability tells and attestations state it, are these letters.
 */
const firmwareMark = 0x534f_4654n // SOFT

/** Firmware version of the software TPM: its mark, and its own version. */
export const softwareTpmFirmwareVersion: bigint = (firmwareMark << 32n) | 0x0001_0000n

/**
 * Manufacturer (`TRST`), model and version of the software TPM as in TPM2_GetCapability and in the directory name of its
 * EK certificates. EK Credential Profile 2.5, section 3.2.9.
 */
export const softwareTpmIdentity = {
  manufacturer: 0x5452_5354,
  model: 'software TPM for demos and tests',
  version: 'id:00010000',
  vendorString: 'SOFTWARE TPM',
} as const

/**
 * Whether a firmware version is that of a software TPM. Says nothing of versions that a key of the owner hierarchy
 * signed: the TPM hides those behind an offset (Part 1, section 36.7).
 * @param firmwareVersion of a TPMS_ATTEST
 */
export function isSoftwareTpmFirmware(firmwareVersion: bigint): boolean {
  return firmwareVersion >> 32n === firmwareMark
}
