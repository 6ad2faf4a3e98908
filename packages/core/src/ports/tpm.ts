import type { SecretBytes } from '../bytes/index.js'

/** What every call that talks to the TPM takes. */
export interface TpmCallOptions {
  /** Gives up with TRANSPORT_ABORTED; what the call had put into the TPM is flushed before the next one starts. */
  signal?: AbortSignal
}

/** Kinds of key by algorithm and size. */
export type TpmKeyKind = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ecc-p256' | 'ecc-p384' | 'ecc-p521'

/** Kinds of key that are made for signing and decrypting: those that TPMs have, with SHA-256 or SHA-384 beside them. */
export type TpmUserKeyKind = Extract<TpmKeyKind, 'rsa-2048' | 'rsa-3072' | 'ecc-p256' | 'ecc-p384'>

/** Names of the templates of endorsement keys. TCG EK Credential Profile 2.5, annex B; H-5 (SM2) is not used. */
export type EndorsementKeyTemplate = 'L-1' | 'L-2' | 'H-1' | 'H-2' | 'H-3' | 'H-4' | 'H-6' | 'H-7'

/** An endorsement key of the TPM. */
export interface EndorsementKey {
  readonly kind: TpmKeyKind
  /** The template that it is of; with a template in NV memory, the one whose place that has. */
  readonly template: EndorsementKeyTemplate
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
  /** DER, as read from the TPM's NV memory without padding; absent when the TPM has none. */
  readonly certificate?: Uint8Array
  /** Where the TPM's vendor hands out the certificate of this key; not fetched. Absent where the vendor does not. */
  readonly certificateUrl?: string
  /** Where the certificate says that its issuer's certificate is (caIssuers, RFC 5280 section 4.2.2.1); not fetched. */
  readonly issuerUrls?: readonly string[]
}

/** PCRs of one bank, ascending. */
export interface PcrBankSelection {
  /** Name of the hash algorithm: `sha1`, `sha256`, `sha384`, `sha512`. */
  readonly bank: string
  readonly pcrs: readonly number[]
}

/** Values of the PCRs of one bank. */
export interface PcrBankValues {
  readonly bank: string
  readonly values: ReadonlyMap<number, Uint8Array>
}

/** What the TPM states and signs. */
export interface TpmStatement {
  /** TPMS_ATTEST, the very bytes that were signed. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
}

/** What TPM2_Quote returned. */
export interface TpmQuote extends TpmStatement {}

/** What TPM2_CertifyCreation returned, and what it is about. */
export interface TpmCreationProof extends TpmStatement {
  /** TPMS_CREATION_DATA, whose digest is in the statement: parent and PCRs when the key was made. */
  readonly creationData: Uint8Array
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
   * TPM2_ActivateCredential with this key and the endorsement key that it was opened with. The secret crosses the bus
   * encrypted, in a session that is salted to that endorsement key.
   * @param credentialBlob TPM2B_ID_OBJECT
   * @param encryptedSecret TPM2B_ENCRYPTED_SECRET
   * @returns the secret, at most as long as a digest of the endorsement key's name algorithm
   */
  activateCredential(
    credentialBlob: Uint8Array,
    encryptedSecret: Uint8Array,
    call?: TpmCallOptions,
  ): Promise<Uint8Array>
  /**
   * TPM2_Quote over the PCRs of one or more banks.
   * @param qualifyingData at most 32 bytes
   */
  quote(
    qualifyingData: Uint8Array,
    selection: readonly PcrBankSelection[],
    call?: TpmCallOptions,
  ): Promise<TpmQuote>
  /**
   * TPM2_Certify: that another key is in this TPM, with exactly its attributes.
   * @param key open, and of the same TPM
   * @param qualifyingData at most 32 bytes
   */
  certify(key: TpmKey, qualifyingData: Uint8Array, call?: TpmCallOptions): Promise<TpmStatement>
  /**
   * TPM2_CertifyCreation of this key by itself: that this TPM made it, under which parent, at which PCR values.
   * @param qualifyingData at most 32 bytes
   * @throws TPM_NOT_AVAILABLE for a key that was saved without what that takes
   */
  certifyCreation(qualifyingData: Uint8Array, call?: TpmCallOptions): Promise<TpmCreationProof>
  /**
   * TPM2_GetTime: clock, counters and firmware version alone.
   * @param qualifyingData at most 32 bytes
   */
  certifyTime(qualifyingData: Uint8Array, call?: TpmCallOptions): Promise<TpmStatement>
  /** Closes the key and, where it is persistent, removes it from the TPM. */
  remove(call?: TpmCallOptions): Promise<void>
  /** Flushes everything from the TPM that opening the key put there. May be called again. */
  close(): Promise<void>
}

/** Options of {@link Tpm.openAttestationKey}. */
export interface OpenAttestationKeyOptions extends TpmCallOptions {
  /** The endorsement key that credentials are for, and under which the attestation key lives by default. */
  endorsementKey: EndorsementKey
  /** Kind of a new key; by default that of the endorsement key, or the next smaller one that is used. */
  kind?: TpmUserKeyKind
  /** Loads this key, from {@link AttestationKey.saved}, instead of making a new one. */
  saved?: Uint8Array
  /**
   * Where a new key is made: under the endorsement key, or under the storage root key, where the TPM shifts counters and
   * firmware version in what it signs. A saved key knows its own.
   */
  parent?: 'endorsement-key' | 'storage-root-key'
  /**
   * Keeps the key in the TPM under this handle, 0x81000000 to 0x817FFFFF; a key that is there is used, when it is an
   * attestation key of the wanted kind and parent. Without it, nothing of the key stays in the TPM.
   */
  persistentHandle?: number
}

/** A key that was made in the TPM and never leaves it, open for use. */
export interface TpmKey {
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
  /** What loads this key again, on this TPM only. Not secret: the private part is encrypted by the TPM. */
  readonly saved: Uint8Array
  /** Flushes everything from the TPM that opening the key put there. May be called again. */
  close(): Promise<void>
}

/** A key that signs digests of whatever it is given: to prove possession, not to attest. */
export interface TpmSigningKey extends TpmKey {
  /**
   * TPM2_Sign, by RSASSA or ECDSA.
   * @param digest of the key's own algorithm: SHA-384 for `ecc-p384` and `rsa-3072`, else SHA-256
   * @returns TPMT_SIGNATURE
   */
  sign(digest: Uint8Array, call?: TpmCallOptions): Promise<Uint8Array>
}

/** A key that something can be encrypted to. What it gives crosses the bus encrypted. */
export interface TpmDecryptionKey extends TpmKey {
  /**
   * TPM2_RSA_Decrypt by OAEP with SHA-256 and an empty label, which JOSE calls RSA-OAEP-256.
   * @throws ARGUMENT_INVALID for a key on an elliptic curve
   */
  rsaDecrypt(cipherText: Uint8Array, call?: TpmCallOptions): Promise<SecretBytes>
  /**
   * TPM2_ECDH_ZGen.
   * @param point of the other party: 0x04, x, y (SEC 1, section 2.3.3)
   * @returns the x coordinate of the shared point, as wide as the curve's field
   * @throws ARGUMENT_INVALID for an RSA key, and for what is no point of that curve
   */
  ecdhZGen(point: Uint8Array, call?: TpmCallOptions): Promise<SecretBytes>
}

/** A storage key: objects can be imported under it. */
export interface TpmStorageKey extends TpmKey {
  readonly use: 'storage'
}

/** Options of the functions that open keys other than for attestation. */
export interface OpenKeyOptions extends TpmCallOptions {
  /** Kind of a new key; `ecc-p256` by default. */
  kind?: TpmUserKeyKind
  /** Loads this key, from {@link TpmKey.saved}, instead of making a new one. */
  saved?: Uint8Array
  /** What it lives under; the storage root key by default. */
  parent?: EndorsementKey | 'storage-root-key'
}

/** What TPM2_Import takes, under its names there; `makeDuplicate` makes it. */
export interface TpmDuplicate {
  /** TPM2B_PUBLIC. */
  readonly objectPublic: Uint8Array
  /** TPM2B_PRIVATE. */
  readonly duplicate: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly inSymSeed: Uint8Array
}

/** Options of {@link Tpm.importSealed}. */
export interface ImportSealedOptions extends TpmDuplicate, TpmCallOptions {
  /** The key that the duplicate was made for. */
  parent: EndorsementKey | TpmStorageKey
}

/** Options of {@link Tpm.openSealed}. */
export interface OpenSealedOptions extends TpmCallOptions {
  /** The key that it was imported under. */
  parent: EndorsementKey | TpmStorageKey
  /** From {@link SealedObject.saved}. */
  saved: Uint8Array
}

/** Data in the TPM's keeping. */
export interface SealedObject {
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
  /** What {@link Tpm.openSealed} takes, on this TPM only. Not secret: the data is encrypted by the TPM. */
  readonly saved: Uint8Array
  /**
   * TPM2_Unseal. The data crosses the bus encrypted, in a session that is salted to an endorsement key.
   * @param pcrs that the object's policy (TPM2_PolicyPCR and nothing else) is about, in its order; none when it has no
   *   policy and an empty password
   * @throws TPM_RESPONSE when the TPM refuses, as when PCRs have other values
   */
  unseal(pcrs?: readonly PcrBankSelection[], call?: TpmCallOptions): Promise<SecretBytes>
  /** Flushes everything from the TPM that opening put there. May be called again. */
  close(): Promise<void>
}

/**
 * A host's TPM and what the host knows about its own boot.
 *
 * Contract:
 * - Between calls nothing of ours stays in the TPM but what open keys hold, and keys that were made persistent.
 * - Errors of the TPM give TPM_RESPONSE, with TPM_RC_LOCKOUT among them; what the TPM lacks gives TPM_NOT_AVAILABLE.
 * - Calls may run concurrently and are carried out one after the other.
 * - When the TPM was restarted, calls work again, or fail once with a typed error and then work again.
 */
export interface Tpm {
  /** Endorsement keys in order of preference; at least one, otherwise TPM_NOT_AVAILABLE. */
  endorsementKeys(call?: TpmCallOptions): Promise<readonly EndorsementKey[]>
  /** CA certificates that the vendor left in the TPM, DER, in their order; untrusted. Empty when there are none. */
  certificateChain(call?: TpmCallOptions): Promise<readonly Uint8Array[]>
  /** Makes or loads a restricted signing key. */
  openAttestationKey(options: OpenAttestationKeyOptions): Promise<AttestationKey>
  /** Makes or loads a key for signing. */
  openSigningKey(options?: OpenKeyOptions): Promise<TpmSigningKey>
  /** Makes or loads a key for decryption. */
  openDecryptionKey(options?: OpenKeyOptions): Promise<TpmDecryptionKey>
  /** Makes or loads a key that objects can be imported under. */
  openStorageKey(options?: OpenKeyOptions): Promise<TpmStorageKey>
  /** TPM2_Import and TPM2_Load of sealed data that someone made for this TPM. */
  importSealed(options: ImportSealedOptions): Promise<SealedObject>
  /** Loads sealed data that was imported before. */
  openSealed(options: OpenSealedOptions): Promise<SealedObject>
  /** PCR values by bank, then in the order of the selection. */
  readPcrs(selection: readonly PcrBankSelection[], call?: TpmCallOptions): Promise<readonly PcrBankValues[]>
  /** The TCG event log of this boot, as the firmware left it. */
  eventLog(): Promise<Uint8Array>
  /** The list of Linux IMA, as far as it has grown; undefined where the kernel keeps none. */
  imaLog(): Promise<Uint8Array | undefined>
  /** What systemd measured so far, a JSON text sequence; undefined where it keeps none. */
  systemdLog(): Promise<Uint8Array | undefined>
  /** Closes open keys and the transport. May be called again. */
  close(): Promise<void>
}
