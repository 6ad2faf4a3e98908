import type { SecretBytes } from '../bytes/index.js'

/** What a key may be used for, as far as it matters here; the specification's Cryptographic Usage Mask has more. */
export type PrimaryKeyUsage = 'encrypt' | 'decrypt' | 'wrap-key' | 'unwrap-key'

/** What a key server says of a primary key. States are those of the KMIP specification, section State. */
export interface PrimaryKeyInfo {
  readonly id: string
  readonly state:
    | 'pre-active'
    | 'active'
    | 'deactivated'
    | 'compromised'
    | 'destroyed'
    | 'destroyed-compromised'
  /** Algorithm's KMIP name, such as `AES`. */
  readonly algorithm: string
  /** Length in bits. */
  readonly length: number
  /** What it may be used for. */
  readonly usage: readonly PrimaryKeyUsage[]
  /** Whether the server lets its bytes out; absent when it does not say. */
  readonly extractable?: boolean
  /** The key that the server names as the one that replaces this one; absent when there is none. */
  readonly replacedBy?: string
}

/** Whether something can be done, and why not. */
export type Ability = { readonly able: true } | { readonly able: false; readonly reason: string }

/** What can be done with one primary key, from what the server can do and what the key allows. */
export interface PrimaryKeyAbilities {
  /** Whether {@link KeyServer.get} returns its bytes. */
  readonly get: Ability
  /** Whether {@link KeyServer.encrypt} and {@link KeyServer.decrypt} keep their promises with it. */
  readonly encrypt: Ability
  readonly decrypt: Ability
}

/** What {@link KeyServer.encrypt} makes: AES-GCM (NIST SP 800-38D). */
export interface SealedBytes {
  /** 12 bytes, never used twice with a key. */
  readonly iv: Uint8Array
  /** As long as what is inside. */
  readonly ciphertext: Uint8Array
  /** 16 bytes. */
  readonly tag: Uint8Array
}

/** What was found out about one server. A member that is absent could not be found out. */
export interface KeyServerNodeHealth {
  /** As the configuration calls it. */
  readonly name: string
  /** Its address, `host:port`. */
  readonly endpoint: string
  /** `WARNING` when it works and something is about to keep it from that. */
  readonly health: 'OK' | 'WARNING' | 'ERROR'
  /** What is wrong, for people; empty when all is well. */
  readonly details: readonly string[]
  /** Whether we believe the server's certificate. */
  readonly clientTrustsServer?: boolean
  /** Whether the server accepts our certificate and credentials. */
  readonly serverTrustsClient?: boolean
  /** The version of the protocol that is spoken with it. */
  readonly version?: string
  /** What it calls itself. */
  readonly vendor?: string
  /** Time of a question and its answer. */
  readonly latencyMilliseconds?: number
  /** Whole days until our certificate ends, and until the server's does; negative when it has ended. */
  readonly clientCertificateDays?: number
  readonly serverCertificateDays?: number
}

/** Options of every call. */
export interface KeyServerCallOptions {
  /** Aborts the call with TRANSPORT_ABORTED; what happened at the server is then unknown. */
  signal?: AbortSignal
}

/**
 * The organisation's key server, as the Key Provider Service uses it.
 *
 * Contract:
 * - The primary key is an AES-256 key that is made inside the server; this port never sends one there.
 * - An id that the server does not know gives KMIP_RESULT of kind `notFound`; refusals give `denied` or
 *   `authentication`; a wrong state gives `state`; a server that cannot be reached gives a TRANSPORT code.
 * - `get` returns the bytes as a secret that the caller wipes. It also returns keys that are not active: what to do
 *   with them is the caller's decision, from `describe`.
 * - `encrypt` and `decrypt` work inside the server: AES-256-GCM, all of the additional data and of the tag covered. Where
 *   that is not sure they give KMIP_RESULT of kind `unsupported` and nothing was sent; `abilities` says so before.
 * - Where several servers hold the same keys, a call fails only when none of them can answer, and what may not happen
 *   twice does not.
 * - Calls may run concurrently. Every call ends within the adapter's time limit.
 */
export interface KeyServer {
  /** What the server says of a key. */
  describe(id: string, options?: KeyServerCallOptions): Promise<PrimaryKeyInfo>
  /** What can be done with a key, as far as it can be told without doing it. */
  abilities(id: string, options?: KeyServerCallOptions): Promise<PrimaryKeyAbilities>
  /** The key's bytes. */
  get(id: string, options?: KeyServerCallOptions): Promise<SecretBytes>
  /**
   * Encrypts inside the server, with a fresh initialization vector. Only an active key encrypts.
   * @param plaintext 1 to 4,096 bytes, a key to be wrapped; otherwise ARGUMENT_INVALID
   * @param additionalData what `decrypt` has to be given again; may be empty
   */
  encrypt(
    id: string,
    plaintext: Uint8Array,
    additionalData: Uint8Array,
    options?: KeyServerCallOptions,
  ): Promise<SealedBytes>
  /**
   * Decrypts inside the server. The caller wipes what comes back.
   * @throws KMIP_RESULT of any kind but `transient` when ciphertext, tag, vector or additional data were changed
   */
  decrypt(
    id: string,
    sealed: SealedBytes,
    additionalData: Uint8Array,
    options?: KeyServerCallOptions,
  ): Promise<SecretBytes>
  /**
   * Makes and activates an AES-256 key.
   * @param name the server must not have a key of that name yet, otherwise ALREADY_EXISTS
   */
  create(name: string, options?: KeyServerCallOptions): Promise<PrimaryKeyInfo>
  /** Tries every server of the configuration, in its order. Fails only when the call is aborted or closed. */
  health(options?: KeyServerCallOptions): Promise<readonly KeyServerNodeHealth[]>
  /** Closes connections; calls that are running fail with TRANSPORT_CLOSED. May be called again. */
  close(): Promise<void>
}

/** The address of one key server of a provider. */
export interface KeyServerAddress {
  readonly name: string
  readonly host: string
  /** 5696 when absent. */
  readonly port?: number
}

/** An HTTP proxy on the way to key servers. TLS runs inside of it; name and password are shown to it in the clear. */
export interface KeyServerProxy {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** What key servers ask for besides the certificate: a user's name and password, or what identifies a device. */
export type KeyServerCredential =
  | { readonly username: string; readonly password?: string }
  | { readonly device: KeyServerDevice; readonly password?: string }

/** What identifies a device to a key server, whatever of it the server knows the device by. KMIP 1.4, section 2.1.2. */
export interface KeyServerDevice {
  readonly deviceSerialNumber?: string
  readonly deviceIdentifier?: string
  readonly networkIdentifier?: string
  readonly machineIdentifier?: string
  readonly mediaIdentifier?: string
}

/** How a trusted key provider reaches its key servers. PEM texts. */
export interface KeyServerConfig {
  /** All hold the same keys; tried in this order. */
  readonly servers: readonly KeyServerAddress[]
  /** Our certificate, with intermediates if any. */
  readonly clientCertificate: string
  /** Its private key, PKCS#8. */
  readonly clientPrivateKey: string
  /** Certificates that a server's certificate must chain to. */
  readonly trustedCertificates: readonly string[]
  /**
   * SHA-256 digests, hexadecimal, of the certificates that servers may have or of their public keys; one must fit
   * besides the chain.
   */
  readonly pinnedCertificates?: readonly string[]
  readonly credential?: KeyServerCredential
  readonly proxy?: KeyServerProxy
  /** For a whole call; 30 by default. */
  readonly timeoutSeconds?: number
}

/** Makes the port from a provider's configuration; what `createAuthority` takes. Connects on first use. */
export type KeyServerFactory = (config: KeyServerConfig) => KeyServer
