import { z } from '@hono/zod-openapi'
import { Agent, fetch } from 'undici'
import { fromBase64, toBase64 } from '../bytes/index.js'
import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import type {
  AttestRequest,
  AttestResult,
  DecryptRequest,
  DeliveredKey,
  GeneratedKey,
  GenerateKeyRequest,
  KeyRequestCredentials,
} from '../protocol/index.js'
import { attestResponse, errorResponse, keyResponse } from './schemas.js'

/** How to reach an authority. */
export interface AuthorityClientOptions {
  /** `https://host:port`, without a path. */
  url: string
  /** PEM certificates that the server's certificate must chain to; the system's when absent. */
  ca?: readonly string[]
  /** For one request, connecting included; 30 seconds by default. */
  timeoutMs?: number
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

/** Longest answer that is read, in bytes. */
const maxAnswerLength = 262_144

/** Connects on first use and keeps connections alive. */
export function createAuthorityClient(options: AuthorityClientOptions): AuthorityClient {
  const base = checkUrl(options.url)
  const timeout = options.timeoutMs ?? 30_000
  const agent = new Agent({
    connect: { timeout, ...(options.ca === undefined ? {} : { ca: [...options.ca] }) },
    maxResponseSize: maxAnswerLength,
  })
  const keyOperationUrl = new URL('/api/esx/kms/key-operation', base).href

  const post = async <T>(
    url: string,
    body: unknown,
    schema: z.ZodType<T>,
    headers: Record<string, string>,
    call: CallOptions | undefined,
  ): Promise<T> => {
    const signals = [AbortSignal.timeout(timeout), ...(call?.signal === undefined ? [] : [call.signal])]
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        dispatcher: agent,
        redirect: 'error',
        signal: AbortSignal.any(signals),
      })
      const answer: unknown = await response.json()
      if (response.status !== 200) throw toServiceError(response.status, answer)
      const parsed = schema.safeParse(answer)
      if (parsed.success) return parsed.data
      throw new TrustholdError('SERVICE_ERROR', {
        status: 200,
        serviceCode: 'none',
        message: 'the answer is not of the expected form',
      })
    } catch (error) {
      throw toTransportError(error, base.origin, timeout, call?.signal)
    }
  }

  const keyOperation = (
    action: string,
    credentials: KeyRequestCredentials,
    body: object,
    call: CallOptions | undefined,
  ) => {
    const headers = { authorization: `DPoP ${credentials.token}`, dpop: credentials.proof }
    return post(`${keyOperationUrl}?action=${action}`, body, keyResponse, headers, call)
  }

  return {
    keyOperationUrl,
    async attest(request, call) {
      const url = new URL('/api/esx/attestation/report?action=attest', base).href
      const { tpm2_result: result } = await post(url, encodeAttestRequest(request), attestResponse, {}, call)
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
      return decodeKey(
        await keyOperation('decrypt', credentials, { provider, ciphertext: wrapped, delivery }, call),
      )
    },
    close: () => agent.close(),
  }
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'url',
      reason: 'expected https://host:port without a path',
    })
  }
  return url
}

function encodeAttestRequest({ identity, contexts, types }: AttestRequest) {
  return {
    tpm2_request: {
      identity: {
        ek_pub: toBase64(identity.endorsementKey),
        ...(identity.certificate === undefined ? {} : { ek_cert: toBase64(identity.certificate) }),
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

const checkList = z.object({
  checks: z.array(
    z.object({ id: z.string(), outcome: z.enum(['pass', 'fail', 'unknown', 'skipped']), reason: z.string() }),
  ),
})

/** A refused attestation comes back as what it was at the service; all else as what the service said. */
function toServiceError(status: number, answer: unknown): TrustholdError {
  const parsed = errorResponse.safeParse(answer)
  if (!parsed.success) {
    return new TrustholdError('SERVICE_ERROR', {
      status,
      serviceCode: 'none',
      message: 'without an explanation',
    })
  }
  const { data, messages } = parsed.data
  const checks = checkList.safeParse(data.context)
  if (checks.success && (data.code === 'ATTESTATION_REFUSED' || data.code === 'ATTESTATION_UNDECIDED')) {
    return new TrustholdError(data.code, checks.data)
  }
  const message = describeError(messages[0]?.default_message ?? 'without an explanation')
  return new TrustholdError(
    'SERVICE_ERROR',
    { status, serviceCode: data.code, message },
    { retryable: status === 503 },
  )
}

function toTransportError(
  error: unknown,
  endpoint: string,
  milliseconds: number,
  signal: AbortSignal | undefined,
): unknown {
  if (isTrustholdError(error)) return error
  if (signal?.aborted === true) return new TrustholdError('TRANSPORT_ABORTED', { endpoint }, { cause: error })
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new TrustholdError(
      'TRANSPORT_TIMEOUT',
      { endpoint, phase: 'read', milliseconds },
      { cause: error },
    )
  }
  // fetch hides what happened in its cause.
  const reason = describeError(error instanceof Error ? (error.cause ?? error) : error)
  return new TrustholdError('TRANSPORT_FAILED', { endpoint, phase: 'connect', reason }, { cause: error })
}
