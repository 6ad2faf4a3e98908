import { z } from '@hono/zod-openapi'
import { Agent, fetch } from 'undici'
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
  close(): Promise<void>
}

/** Longest answer that is read, in bytes. */
const maxAnswerLength = 262_144

/** Connects on first use and keeps connections alive. */
export function openConnection(origin: string, options: ConnectionOptions): Connection {
  const timeout = options.timeoutMs ?? 30_000
  const agent = new Agent({
    connect: { timeout, ...(options.ca === undefined ? {} : { ca: [...options.ca] }) },
    maxResponseSize: maxAnswerLength,
  })
  return {
    async post(url, { body, headers, signal }, schema) {
      const signals = [AbortSignal.timeout(timeout), ...(signal === undefined ? [] : [signal])]
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
          dispatcher: agent,
          redirect: 'error',
          signal: AbortSignal.any(signals),
        })
        return readAnswer(response.status, await response.json(), schema)
      } catch (error) {
        throw toTransportError(error, origin, timeout, signal)
      }
    },
    close: () => agent.close(),
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
