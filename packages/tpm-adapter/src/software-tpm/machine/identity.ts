import { softwareTpmFirmwareVersion, softwareTpmIdentity } from '@trusthold/core/tpm2'

/** Firmware version of every software TPM, which attestations carry: it says that there is no hardware. */
export const firmwareVersion: bigint = softwareTpmFirmwareVersion

/** Manufacturer, model and version, as certificates and TPM2_GetCapability tell them. */
export const identity = softwareTpmIdentity
