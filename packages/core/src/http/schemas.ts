import { z } from '@hono/zod-openapi'
import { maxDocumentLength, maxIntermediates } from '../protocol/index.js'

const base64 = (maxBytes: number) =>
  z
    .string()
    .min(1)
    .max(Math.ceil(maxBytes / 3) * 4)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'expected base64')

/** Kinds of token. */
export const tokenKind = z.enum(['KMS_AUTH_JWT', 'REPORTING_JWT']).openapi('DocumentType')

/** One leg of an attestation. */
export const attestRequest = z
  .strictObject({
    tpm2_request: z.strictObject({
      identity: z.strictObject({
        ek_pub: base64(2_048).openapi({ description: 'TPMT_PUBLIC of the endorsement key, base64' }),
        ek_cert: base64(16_384).exactOptional().openapi({ description: 'X.509 certificate, DER, base64' }),
        ek_cert_chain: z.array(base64(16_384)).min(1).max(maxIntermediates).exactOptional().openapi({
          description: 'CA certificates that may lead from ek_cert to a configured one, DER, base64',
        }),
      }),
      contexts: z
        .array(base64(maxDocumentLength))
        .length(1)
        .openapi({ description: 'One context document, base64' }),
      types: z.array(tokenKind).min(1).max(2),
    }),
  })
  .openapi('AttestRequest')

const check = z
  .object({ id: z.string(), outcome: z.enum(['pass', 'fail', 'unknown', 'skipped']), reason: z.string() })
  .openapi('Check')

/** One leg's answer. */
export const attestResponse = z
  .object({
    tpm2_result: z.object({
      attested: z.boolean(),
      contexts: z.array(z.string()).optional(),
      documents: z.array(z.object({ type: tokenKind, token: z.string() })).optional(),
      checks: z.array(check).optional(),
    }),
  })
  .openapi('AttestResponse')

const delivery = z
  .enum(['jwe', 'tls'])
  .exactOptional()
  .openapi({ description: 'How the plaintext key travels; jwe when absent' })

/** Asks for a new key. */
export const generateKeyRequest = z
  .strictObject({
    provider: z.string().min(1).max(128),
    num_of_bytes: z.int().min(16).max(512),
    delivery,
  })
  .openapi('GenerateKeyRequest')

/** Asks for the key inside a wrapped key. */
export const decryptRequest = z
  .strictObject({ provider: z.string().min(1).max(128), ciphertext: z.string().min(1).max(4_096), delivery })
  .openapi('DecryptRequest')

/** A key, wrapped (when it is new) and delivered in one of two forms. */
export const keyResponse = z
  .object({
    ciphertext: z
      .string()
      .optional()
      .openapi({ description: 'The wrapped key, a compact JWE; generate-key only' }),
    plaintext: z.string().optional().openapi({ description: 'The key, base64; delivery tls' }),
    plaintext_jwe: z.string().optional().openapi({ description: 'The key, compact JWE; delivery jwe' }),
  })
  .openapi('KeyResponse')

/** The keys that tokens are signed with. */
export const jwksResponse = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())) })
  .openapi('JsonWebKeySet')

/** Every error. */
export const errorResponse = z
  .object({
    error_type: z.string(),
    messages: z.array(z.object({ id: z.string(), default_message: z.string(), args: z.array(z.string()) })),
    data: z.object({ code: z.string(), context: z.unknown().optional() }),
  })
  .openapi('Error')

/** Whether the services can work. */
export const healthResponse = z
  .object({ health: z.enum(['OK', 'ERROR']), details: z.array(z.string()) })
  .openapi('Health')
