import type { SecretBytes } from '../bytes/index.js'

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
 * - Calls may run concurrently. Every call ends within the adapter's time limit.
 */
export interface KeyServer {
  /** State, algorithm and length of a key. */
  describe(id: string, options?: KeyServerCallOptions): Promise<PrimaryKeyInfo>
  /** The key's bytes. */
  get(id: string, options?: KeyServerCallOptions): Promise<SecretBytes>
  /**
   * Makes and activates an AES-256 key.
   * @param name the server must not have a key of that name yet, otherwise ALREADY_EXISTS
   */
  create(name: string, options?: KeyServerCallOptions): Promise<PrimaryKeyInfo>
  /** Resolves when the server answers and accepts our credentials; throws what keeps it from doing so. */
  check(options?: KeyServerCallOptions): Promise<void>
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
  /** 30 by default. */
  readonly timeoutSeconds?: number
}

/** Makes the port from a provider's configuration; what `createAuthority` takes. Connects on first use. */
export type KeyServerFactory = (config: KeyServerConfig) => KeyServer
