import { assertName, LiveMap, type RegisteredKeyDocument, registeredKeyDocument } from '../config/index.js'
import { proveEkCertificate, type RegisteredKeyInput, readRegisteredKey } from '../endorsement/index.js'
import type { Clock, ConfigStore } from '../ports/index.js'
import type { CaCertificates } from './ca-certificates.js'

/** What is shown of a registered endorsement key. */
export interface RegisteredKeyInfo {
  readonly name: string
  /** Identifier of the key, lower-case hexadecimal. */
  readonly keyId: string
}

/** Endorsement keys that the administrator knows one by one. */
export class RegisteredKeys {
  readonly #namesById = new Map<string, Set<string>>()
  readonly #idByName = new Map<string, string>()
  readonly #authorities: CaCertificates
  readonly #clock: Clock
  #documents!: LiveMap<RegisteredKeyDocument>

  private constructor(authorities: CaCertificates, clock: Clock) {
    this.#authorities = authorities
    this.#clock = clock
  }

  static async open(store: ConfigStore, authorities: CaCertificates, clock: Clock): Promise<RegisteredKeys> {
    const keys = new RegisteredKeys(authorities, clock)
    keys.#documents = await LiveMap.open({
      store,
      prefix: 'attestation/endorsement-keys/',
      kind: 'endorsement key',
      ...registeredKeyDocument,
      onChange: (name, document) => keys.#follow(name, document?.keyId),
    })
    return keys
  }

  /**
   * Registers an endorsement key. Only the key is kept; one that comes in an EK certificate has to chain to a
   * configured CA.
   * @param name chosen by the administrator: the host's name, say
   * @throws ALREADY_EXISTS, REQUEST_INVALID, CERTIFICATE_INVALID, and what reading the key throws
   */
  async create(name: string, input: RegisteredKeyInput): Promise<void> {
    assertName(name, 'endorsement-key.name')
    const { id, certificate } = readRegisteredKey(input)
    if (certificate !== undefined) {
      await proveEkCertificate(certificate, { anchors: this.#authorities.anchors(), at: this.#clock.now() })
    }
    await this.#documents.create(name, { keyId: id })
  }

  /** Stops trusting a key, at once. @throws NOT_FOUND */
  async delete(name: string): Promise<void> {
    await this.#documents.delete(name)
  }

  list(): RegisteredKeyInfo[] {
    return this.#documents.names().map((name) => ({ name, keyId: this.#idByName.get(name) ?? '' }))
  }

  /** The name under which a key is registered; undefined when it is not. @throws STORE_UNAVAILABLE */
  nameOf(keyId: string): string | undefined {
    this.#documents.assertLive()
    const names = this.#namesById.get(keyId)
    return names === undefined ? undefined : names.values().next().value
  }

  close(): Promise<void> {
    return this.#documents.close()
  }

  #follow(name: string, keyId: string | undefined): void {
    const before = this.#idByName.get(name)
    if (before !== undefined) {
      const names = this.#namesById.get(before)
      names?.delete(name)
      if (names?.size === 0) this.#namesById.delete(before)
    }
    if (keyId === undefined) {
      this.#idByName.delete(name)
      return
    }
    this.#idByName.set(name, keyId)
    const names = this.#namesById.get(keyId)
    if (names === undefined) this.#namesById.set(keyId, new Set([name]))
    else names.add(name)
  }
}
