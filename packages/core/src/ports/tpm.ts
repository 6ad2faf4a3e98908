/** Kinds of key by algorithm and size, as endorsement and attestation keys come. */
export type TpmKeyKind = 'rsa-2048' | 'ecc-p256'

/** An endorsement key of the TPM. */
export interface EndorsementKey {
  readonly kind: TpmKeyKind
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
  /** DER, as read from the TPM's NV memory without padding; absent when the TPM has none. */
  readonly certificate?: Uint8Array
}

/** PCRs of one bank, ascending. */
export interface PcrBankSelection {
  /** Name of the hash algorithm: `sha1`, `sha256`, `sha384`, `sha512`. */
  readonly bank: string
  readonly pcrs: readonly number[]
}

/** What TPM2_Quote returned. */
export interface TpmQuote {
  /** TPMS_ATTEST, the very bytes that were signed. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
}

/** A restricted signing key of the TPM, open for use. */
export interface AttestationKey {
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
  /**
   * What {@link Tpm.openAttestationKey} takes to load this key again, on this TPM only. Not secret: the private part
   * is encrypted by the TPM.
   */
  readonly saved: Uint8Array
  /**
   * TPM2_ActivateCredential with this key and the endorsement key that it was opened with.
   * @param credentialBlob TPM2B_ID_OBJECT
   * @param encryptedSecret TPM2B_ENCRYPTED_SECRET
   * @returns the secret, at most as long as a digest of the endorsement key's name algorithm
   */
  activateCredential(credentialBlob: Uint8Array, encryptedSecret: Uint8Array): Promise<Uint8Array>
  /**
   * TPM2_Quote.
   * @param qualifyingData at most 32 bytes
   */
  quote(qualifyingData: Uint8Array, selection: readonly PcrBankSelection[]): Promise<TpmQuote>
  /** Flushes everything from the TPM that opening the key put there. May be called again. */
  close(): Promise<void>
}

/** Options of {@link Tpm.openAttestationKey}. */
export interface OpenAttestationKeyOptions {
  /** The endorsement key under which the attestation key lives. */
  endorsementKey: EndorsementKey
  /** Kind of a new key; that of the endorsement key by default. */
  kind?: TpmKeyKind
  /** Loads this key, from {@link AttestationKey.saved}, instead of making a new one. */
  saved?: Uint8Array
}

/**
 * A host's TPM and what the host knows about its own boot.
 *
 * Contract:
 * - Between calls nothing of ours stays in the TPM but what open attestation keys hold.
 * - Errors of the TPM give TPM_RESPONSE; what the TPM lacks gives TPM_NOT_AVAILABLE.
 * - Calls may run concurrently and are carried out one after the other.
 */
export interface Tpm {
  /** Endorsement keys in order of preference; at least one, otherwise TPM_NOT_AVAILABLE. */
  endorsementKeys(): Promise<readonly EndorsementKey[]>
  /** Makes or loads a restricted signing key under an endorsement key. */
  openAttestationKey(options: OpenAttestationKeyOptions): Promise<AttestationKey>
  /** PCR values by bank, then in the order of the selection. */
  readPcrs(selection: readonly PcrBankSelection[]): Promise<readonly PcrBankValues[]>
  /** The TCG event log of this boot, as the firmware left it. */
  eventLog(): Promise<Uint8Array>
  /** Closes open attestation keys and the transport. May be called again. */
  close(): Promise<void>
}

/** Values of the PCRs of one bank. */
export interface PcrBankValues {
  readonly bank: string
  readonly values: ReadonlyMap<number, Uint8Array>
}
