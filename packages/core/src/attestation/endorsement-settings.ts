import { type EndorsementSettings, endorsementSettingsDocument, LiveMap } from '../config/index.js'
import { TrustholdError } from '../errors/index.js'
import type { ConfigStore } from '../ports/index.js'

/** What is asked of endorsement keys before an administrator says otherwise. */
const defaults: EndorsementSettings = { requireEndorsementKeys: false, requireCertificateValidation: true }

const name = 'tpm2'

/** What the Attestation Service asks of endorsement keys. */
export class EndorsementSettingsStore {
  readonly #documents: LiveMap<EndorsementSettings>

  private constructor(documents: LiveMap<EndorsementSettings>) {
    this.#documents = documents
  }

  static async open(store: ConfigStore): Promise<EndorsementSettingsStore> {
    const documents = await LiveMap.open({
      store,
      prefix: 'attestation/settings/',
      kind: 'settings',
      ...endorsementSettingsDocument,
    })
    return new EndorsementSettingsStore(documents)
  }

  /** @throws STORE_UNAVAILABLE */
  get(): EndorsementSettings {
    return this.#documents.get(name)?.document ?? defaults
  }

  /**
   * Changes what is given and leaves the rest.
   * @throws CONFIGURATION_INVALID when neither would be required: any TPM, also one in software, would then pass
   */
  async update(change: Partial<EndorsementSettings>): Promise<void> {
    const known = this.#documents.get(name)
    const settings = { ...(known?.document ?? defaults), ...change }
    if (!settings.requireEndorsementKeys && !settings.requireCertificateValidation) {
      throw new TrustholdError('CONFIGURATION_INVALID', {
        name: 'endorsement settings',
        reason: 'at least one of requireEndorsementKeys and requireCertificateValidation has to be on',
      })
    }
    await this.#documents.replace(name, settings, known?.revision ?? 0n)
  }

  close(): Promise<void> {
    return this.#documents.close()
  }
}
