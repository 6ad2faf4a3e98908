import type { EndorsementTrust } from '../endorsement/index.js'
import { describeError } from '../errors/index.js'
import type { Clock, ConfigStore } from '../ports/index.js'
import { BaseImages } from './base-images.js'
import { CaCertificates } from './ca-certificates.js'
import { EndorsementSettingsStore } from './endorsement-settings.js'
import { RegisteredKeys } from './registered-keys.js'

/** What the administrator trusts; follows the ConfigStore. */
export interface Trust {
  readonly caCertificates: CaCertificates
  readonly endorsementKeys: RegisteredKeys
  readonly settings: EndorsementSettingsStore
  readonly baseImages: BaseImages
}

/** Loads what is trusted. @throws STORE_* */
export async function openTrust(config: ConfigStore, clock: Clock): Promise<Trust> {
  const opened: { close(): Promise<void> }[] = []
  const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const part = await opening
    opened.push(part)
    return part
  }
  try {
    const caCertificates = await keep(CaCertificates.open(config))
    const endorsementKeys = await keep(RegisteredKeys.open(config, caCertificates, clock))
    const settings = await keep(EndorsementSettingsStore.open(config))
    const baseImages = await keep(BaseImages.open(config))
    return { caCertificates, endorsementKeys, settings, baseImages }
  } catch (error) {
    await Promise.all(opened.map((part) => part.close()))
    throw error
  }
}

/** Ends the watches on the ConfigStore, which stays open. */
export async function closeTrust({
  caCertificates,
  endorsementKeys,
  settings,
  baseImages,
}: Trust): Promise<void> {
  await Promise.all([caCertificates.close(), endorsementKeys.close(), settings.close(), baseImages.close()])
}

/** Why some of it cannot be read at the moment; empty when all can. */
export function findTroubleOf(trust: Trust): string[] {
  const parts = [
    () => trust.caCertificates.anchors(),
    () => trust.endorsementKeys.nameOf(''),
    () => trust.settings.get(),
    () => trust.baseImages.index(),
  ]
  return parts.flatMap((read) => {
    try {
      read()
      return []
    } catch (error) {
      return [describeError(error)]
    }
  })
}

/** What endorsement keys are judged by. @param at milliseconds since 1970 */
export function endorsementTrustOf({ settings, caCertificates, endorsementKeys }: Trust, at: number) {
  return {
    settings: settings.get(),
    anchors: caCertificates.anchors(),
    registered: {
      async find(id) {
        const name = endorsementKeys.nameOf(id)
        return name === undefined ? undefined : { name }
      },
    },
    at,
  } satisfies EndorsementTrust
}

/**
 * What endorsed a TPM once and is asked for, but does so no more; undefined when there is no such thing.
 * @param ca fingerprint of the CA that the TPM's certificate led to
 * @param keyId identifier of the endorsement key
 * @throws STORE_UNAVAILABLE when it cannot be told
 */
export function findLostEndorsement(
  { settings, caCertificates, endorsementKeys }: Trust,
  ca: string | undefined,
  keyId: string,
): 'ca' | 'registration' | undefined {
  const { requireCertificateValidation, requireEndorsementKeys } = settings.get()
  if (requireCertificateValidation && (ca === undefined || !caCertificates.trusts(ca))) return 'ca'
  return requireEndorsementKeys && endorsementKeys.nameOf(keyId) === undefined ? 'registration' : undefined
}
