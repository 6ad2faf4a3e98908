import type { TpmKeyKind } from '@trusthold/core/ports'
import type { TpmtPublic } from '@trusthold/core/tpm2'

/** The kind of a key; undefined for kinds that are not used. */
export function kindOf(publicArea: TpmtPublic): TpmKeyKind | undefined {
  if (publicArea.type === 'rsa' && publicArea.parameters.keyBits === 2048) return 'rsa-2048'
  if (publicArea.type === 'ecc' && publicArea.parameters.curveID === 'P-256') return 'ecc-p256'
  return undefined
}

/** TPM_ALG_ID and, for elliptic curves, TPM_ECC_CURVE that a TPM needs for a kind of key. */
export const kindRequirements: Readonly<Record<TpmKeyKind, { algorithm: number; curve?: number }>> = {
  'rsa-2048': { algorithm: 0x0001 },
  'ecc-p256': { algorithm: 0x0023, curve: 0x0003 },
}
