import { toBase64url } from '../bytes/index.js'
import { type PreparedKey, prepareAttestationKey } from '../evidence/index.js'
import { FindingsReader } from './findings.js'
import { Recent } from './recent.js'

/** An attestation key that was read, and what was found about its host. */
export interface KnownKey {
  readonly key: PreparedKey
  readonly findings: FindingsReader
}

const limit = 1_024

/** Attestation keys whose public area stays read between the legs; reading one again costs as much as a signature. */
export class KnownKeys {
  readonly #keys = new Recent<KnownKey>(limit)

  /** @param publicArea TPMT_PUBLIC @throws CODEC_*, TPM_KEY_INVALID */
  of(publicArea: Uint8Array): KnownKey {
    const id = toBase64url(publicArea)
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    // Of its own: what came is a part of something that should not be kept.
    const made = { key: prepareAttestationKey(publicArea.slice()), findings: new FindingsReader() }
    this.#keys.set(id, made)
    return made
  }
}
