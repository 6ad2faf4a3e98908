import { z } from '@hono/zod-openapi'
import { Agent, request } from 'undici'
import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import { errorResponse } from './schemas.js'

/** Options of {@link openConnection}. */
export interface ConnectionOptions {
  /** PEM certificates that the server's certificate must chain to; the system's when absent. */
  ca?: readonly string[]
  /** For one request, connecting included; 30 seconds by default. */
  timeoutMs?: number
}

/** One request. */
export interface PostRequest {
  body: unknown
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
}

/** Connections to one authority. */
export interface Connection {
  /** Posts JSON and reads JSON of the schema's form. @throws what the service said, or TRANSPORT_* */
  post<T>(url: string, request: PostRequest, schema: z.ZodType<T>): Promise<T>
  /** May be called again. */
  close(): Promise<void>
}

type Phase = 'connect' | 'read'

/** Longest answer that is read, in bytes. */
const maxAnswerLength = 262_144

/** Connects on first use and keeps connections alive. */
export function openConnection(origin: string, options: ConnectionOptions): Connection {
  const milliseconds = options.timeoutMs ?? 30_000
  const agent = new Agent({
    connect: { timeout: milliseconds, ...(options.ca === undefined ? {} : { ca: [...options.ca] }) },
    headersTimeout: milliseconds,
    bodyTimeout: milliseconds,
    maxResponseSize: maxAnswerLength,
  })
  let closing: Promise<void> | undefined
  return {
    async post(url, { body, headers, signal }, schema) {
      const signals = [AbortSignal.timeout(milliseconds), ...(signal === undefined ? [] : [signal])]
      let phase: Phase = 'connect'
      try {
        // Unlike fetch, it follows no redirect and expands no compressed answer.
        const response = await request(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
          dispatcher: agent,
          signal: AbortSignal.any(signals),
        })
        phase = 'read'
        return readAnswer(response.statusCode, parseJson(await response.body.text()), schema)
      } catch (error) {
        if (isTrustholdError(error)) throw error
        if (signal?.aborted === true)
          throw new TrustholdError('TRANSPORT_ABORTED', { endpoint: origin }, { cause: error })
        throw toTransportError(error, { endpoint: origin, phase, milliseconds })
      }
    },
    close: () => {
      closing ??= agent.close()
      return closing
    },
  }
}

/** Undefined for what is not JSON: the parser's message would quote the answer, which may hold a key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readAnswer<T>(status: number, answer: unknown, schema: z.ZodType<T>): T {
  if (status !== 200) throw toServiceError(status, answer)
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const message = 'the answer is not of the expected form'
  throw new TrustholdError('SERVICE_ERROR', { status, serviceCode: 'none', message })
}

const namedCheck = z.object({ check: z.string().max(64) })

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
  const named = namedCheck.safeParse(data.context)
  const check = named.success ? { check: named.data.check } : {}
  return new TrustholdError(
    'SERVICE_ERROR',
    { status, serviceCode: data.code, message, ...check },
    { retryable: status === 503 },
  )
}

const timeouts: readonly unknown[] = [
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]
const closings: readonly unknown[] = ['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']

function toTransportError(
  cause: unknown,
  call: { endpoint: string; phase: Phase; milliseconds: number },
): TrustholdError {
  const { endpoint, phase } = call
  const { name, code } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : { name: '', code: '' }
  if (name === 'TimeoutError' || timeouts.includes(code)) {
    return new TrustholdError('TRANSPORT_TIMEOUT', call, { cause })
  }
  if (closings.includes(code)) return new TrustholdError('TRANSPORT_CLOSED', { endpoint }, { cause })
  // As OpenSSL and Node name what they refuse in a certificate or a handshake.
  const tls = typeof code === 'string' && /CERT|TLS|SSL|SIGNATURE/.test(code)
  const context = { endpoint, phase: tls ? ('tls' as const) : phase, reason: describeError(cause) }
  return new TrustholdError('TRANSPORT_FAILED', context, { cause })
}
