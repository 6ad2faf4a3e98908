import type { TpmKeyKind, TpmUserKeyKind } from '@trusthold/core/ports'
import type { TpmtPublic } from '@trusthold/core/tpm2'

interface KindFacts {
  /** TPM_ALG_ID that a TPM needs for the kind. */
  readonly algorithm: number
  /** TPM_ECC_CURVE that it needs. */
  readonly curve?: number
  /** Kind of the attestation keys beside an endorsement key of this kind: the same, or the next smaller one in use. */
  readonly attestation: TpmUserKeyKind
}

const kinds: Readonly<Record<TpmKeyKind, KindFacts>> = {
  'rsa-2048': { algorithm: 0x0001, attestation: 'rsa-2048' },
  'rsa-3072': { algorithm: 0x0001, attestation: 'rsa-3072' },
  'rsa-4096': { algorithm: 0x0001, attestation: 'rsa-3072' },
  'ecc-p256': { algorithm: 0x0023, curve: 0x0003, attestation: 'ecc-p256' },
  'ecc-p384': { algorithm: 0x0023, curve: 0x0004, attestation: 'ecc-p384' },
  'ecc-p521': { algorithm: 0x0023, curve: 0x0005, attestation: 'ecc-p384' },
}

/** What is known of a kind of key. */
export const kindFacts = (kind: TpmKeyKind): KindFacts => kinds[kind]

/** The kind of a key; undefined for kinds that are not used. */
export function kindOf(publicArea: TpmtPublic): TpmKeyKind | undefined {
  const name =
    publicArea.type === 'rsa'
      ? `rsa-${publicArea.parameters.keyBits}`
      : publicArea.type === 'ecc'
        ? `ecc-${publicArea.parameters.curveID.toLowerCase().replace('-', '')}`
        : ''
  return Object.hasOwn(kinds, name) ? (name as TpmKeyKind) : undefined
}
