import { fromBase64, toBase64 } from '../bytes/index.js'
import { assertName, type CaDocument, caDocument, LiveMap } from '../config/index.js'
import { TrustholdError } from '../errors/index.js'
import type { ConfigStore } from '../ports/index.js'
import {
  type Certificate,
  type CertificateIndex,
  indexCertificates,
  parseCertificate,
  readCertificates,
} from '../x509/index.js'

/** What is shown of a configured CA. */
export interface CaInfo {
  readonly name: string
  readonly certificates: readonly {
    readonly subject: string
    /** SHA-256, lower-case hexadecimal. */
    readonly fingerprint: string
    /** Milliseconds since 1970. */
    readonly notAfter: number
  }[]
}

/** The certificates that endorsement key certificates may chain to. */
export class CaCertificates {
  readonly #parsed = new Map<string, readonly Certificate[]>()
  #documents!: LiveMap<CaDocument>
  #index: CertificateIndex | undefined
  #fingerprints: ReadonlySet<string> | undefined

  private constructor() {}

  static async open(store: ConfigStore): Promise<CaCertificates> {
    const cas = new CaCertificates()
    cas.#documents = await LiveMap.open({
      store,
      prefix: 'attestation/ca-certificates/',
      kind: 'CA certificate',
      ...caDocument,
      onChange: (name, document) => cas.#follow(name, document),
    })
    return cas
  }

  /**
   * Trusts CA certificates, roots and intermediates; they are managed (and later deleted) as one.
   * @param name chosen by the administrator
   * @param bundle PEM, DER or PKCS#7
   * @throws ALREADY_EXISTS, CERTIFICATE_INVALID, CERTIFICATE_BUNDLE_INVALID, REQUEST_INVALID
   */
  async create(name: string, bundle: Uint8Array): Promise<void> {
    assertName(name, 'ca.name')
    const certificates = readCertificates(bundle)
    const stranger = certificates.find((certificate) => certificate.basicConstraints?.ca !== true)
    if (stranger !== undefined) {
      throw new TrustholdError('CERTIFICATE_INVALID', {
        path: stranger.subject.text,
        expected: 'a CA certificate',
        actual: 'one that is not',
      })
    }
    await this.#documents.create(name, { certificates: certificates.map(({ der }) => toBase64(der)) })
  }

  /** Stops trusting a CA, at once. @throws NOT_FOUND */
  async delete(name: string): Promise<void> {
    await this.#documents.delete(name)
  }

  list(): CaInfo[] {
    return this.#documents.names().map((name) => ({
      name,
      certificates: (this.#parsed.get(name) ?? []).map(({ subject, fingerprint, notAfter }) => ({
        subject: subject.text,
        fingerprint,
        notAfter,
      })),
    }))
  }

  /** Whether a certificate with this SHA-256 fingerprint is trusted now. @throws STORE_UNAVAILABLE */
  trusts(fingerprint: string): boolean {
    this.#documents.assertLive()
    this.#fingerprints ??= new Set(
      [...this.#parsed.values()].flat().map((certificate) => certificate.fingerprint),
    )
    return this.#fingerprints.has(fingerprint)
  }

  /** All of them, by subject. @throws STORE_UNAVAILABLE */
  anchors(): CertificateIndex {
    this.#documents.assertLive()
    this.#index ??= indexCertificates([...this.#parsed.values()].flat())
    return this.#index
  }

  close(): Promise<void> {
    return this.#documents.close()
  }

  #follow(name: string, document: CaDocument | undefined): void {
    this.#index = undefined
    this.#fingerprints = undefined
    if (document === undefined) this.#parsed.delete(name)
    else
      this.#parsed.set(
        name,
        document.certificates.map((der) => parseCertificate(fromBase64(der))),
      )
  }
}
