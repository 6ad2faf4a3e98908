import { z } from 'zod'
import { jsonDocument } from './documents.js'

/** Certificates that endorsement key certificates may chain to, managed as one: DER, base64. */
export interface CaDocument {
  readonly certificates: readonly string[]
}

/** How it is stored. */
export const caDocument = jsonDocument<CaDocument>(
  z.strictObject({ certificates: z.array(z.string().min(1).max(32_768)).min(1).max(64) }),
)

/** A registered endorsement key: only what identifies it is kept. */
export interface RegisteredKeyDocument {
  /** Identifier of the endorsement key, lower-case hexadecimal. */
  readonly keyId: string
}

/** How it is stored. */
export const registeredKeyDocument = jsonDocument<RegisteredKeyDocument>(
  z.strictObject({ keyId: z.string().regex(/^[0-9a-f]{64}$/) }),
)

/** What the Attestation Service asks of an endorsement key; names as in the original. */
export interface EndorsementSettings {
  /** The key itself must be registered. */
  readonly requireEndorsementKeys: boolean
  /** Its certificate must chain to a configured CA certificate. */
  readonly requireCertificateValidation: boolean
}

/** How they are stored. */
export const endorsementSettingsDocument = jsonDocument<EndorsementSettings>(
  z
    .strictObject({ requireEndorsementKeys: z.boolean(), requireCertificateValidation: z.boolean() })
    .refine((settings) => settings.requireEndorsementKeys || settings.requireCertificateValidation, {
      error: 'at least one of them is on',
    }),
)
