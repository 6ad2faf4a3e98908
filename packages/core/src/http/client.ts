import type { z } from '@hono/zod-openapi'
import { fromBase64, toBase64 } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import type {
  AttestRequest,
  AttestResult,
  DecryptRequest,
  DeliveredKey,
  GeneratedKey,
  GenerateKeyRequest,
  KeyRequestCredentials,
} from '../protocol/index.js'
import { type ConnectionOptions, openConnection } from './connection.js'
import { attestResponse, keyResponse } from './schemas.js'

/** How to reach an authority. */
export interface AuthorityClientOptions extends ConnectionOptions {
  /** `https://host:port`, without a path. */
  url: string
}

/** Options of every call. */
export interface CallOptions {
  signal?: AbortSignal
}

/** The Attestation Service and the Key Provider Service as a host sees them. */
export interface AuthorityClient {
  /** Where key requests go; proofs of possession name it. */
  readonly keyOperationUrl: string
  /** @throws ATTESTATION_REFUSED with every check, ATTESTATION_UNDECIDED, SERVICE_ERROR, TRANSPORT_* */
  attest(request: AttestRequest, options?: CallOptions): Promise<AttestResult>
  /** @throws SERVICE_ERROR, TRANSPORT_* */
  generateKey(
    credentials: KeyRequestCredentials,
    request: GenerateKeyRequest,
    options?: CallOptions,
  ): Promise<GeneratedKey>
  /** @throws SERVICE_ERROR, TRANSPORT_* */
  decrypt(
    credentials: KeyRequestCredentials,
    request: DecryptRequest,
    options?: CallOptions,
  ): Promise<DeliveredKey>
  close(): Promise<void>
}

/** Connects on first use and keeps connections alive. */
export function createAuthorityClient(options: AuthorityClientOptions): AuthorityClient {
  const base = checkUrl(options.url)
  const connection = openConnection(base.origin, options)
  const attestUrl = new URL('/api/esx/attestation/report?action=attest', base).href
  const keyOperationUrl = new URL('/api/esx/kms/key-operation', base).href
  const keyOperation = (
    action: string,
    { token, proof }: KeyRequestCredentials,
    body: object,
    call: CallOptions = {},
  ) => {
    const headers = { authorization: `DPoP ${token}`, dpop: proof }
    return connection.post(`${keyOperationUrl}?action=${action}`, { body, headers, ...call }, keyResponse)
  }
  return {
    keyOperationUrl,
    async attest(request, call = {}) {
      const body = encodeAttestRequest(request)
      const { tpm2_result: result } = await connection.post(attestUrl, { body, ...call }, attestResponse)
      return result.attested
        ? { attested: true, documents: result.documents ?? [], checks: result.checks ?? [] }
        : { attested: false, contexts: (result.contexts ?? []).map(fromBase64) }
    },
    async generateKey(credentials, { provider, length, delivery }, call) {
      const body = { provider, num_of_bytes: length, delivery }
      const answer = await keyOperation('generate-key', credentials, body, call)
      if (answer.ciphertext === undefined) throw incomplete('ciphertext')
      return { wrapped: answer.ciphertext, key: decodeKey(answer) }
    },
    async decrypt(credentials, { provider, wrapped, delivery }, call) {
      const body = { provider, ciphertext: wrapped, delivery }
      return decodeKey(await keyOperation('decrypt', credentials, body, call))
    },
    close: () => connection.close(),
  }
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.href !== `${url.origin}/`) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'url',
      reason: 'expected https://host:port without a path',
    })
  }
  return url
}

function encodeAttestRequest({ identity, contexts, types }: AttestRequest) {
  const { certificate, intermediates } = identity
  return {
    tpm2_request: {
      identity: {
        ek_pub: toBase64(identity.endorsementKey),
        ...(certificate === undefined ? {} : { ek_cert: toBase64(certificate) }),
        ...(intermediates === undefined ? {} : { ek_cert_chain: intermediates.map(toBase64) }),
      },
      contexts: contexts.map(toBase64),
      types,
    },
  }
}

function decodeKey(answer: z.infer<typeof keyResponse>): DeliveredKey {
  if (answer.plaintext_jwe !== undefined) return { delivery: 'jwe', jwe: answer.plaintext_jwe }
  if (answer.plaintext !== undefined) return { delivery: 'tls', plaintext: fromBase64(answer.plaintext) }
  throw incomplete('plaintext')
}

const incomplete = (what: string) =>
  new TrustholdError('SERVICE_ERROR', {
    status: 200,
    serviceCode: 'none',
    message: `the answer has no ${what}`,
  })
