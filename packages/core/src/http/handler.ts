import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AttestationService } from '../attestation/index.js'
import { fromBase64, toBase64 } from '../bytes/index.js'
import { parseInput } from '../config/index.js'
import { TrustholdError } from '../errors/index.js'
import type { KeyProviderService } from '../key-provider/index.js'
import {
  type AttestResult,
  type DeliveredKey,
  maxDocumentLength,
  maxIntermediates,
} from '../protocol/index.js'
import { readJson } from './body.js'
import { toWireError } from './errors.js'
import { attestRoute, healthRoute, jwksRoute, keyOperationRoute, openApiPath } from './routes.js'
import { attestRequest, decryptRequest, generateKeyRequest } from './schemas.js'

/** One line per request, for whatever log the embedding service keeps. */
export interface RequestLog {
  readonly level: 'info' | 'warn' | 'error'
  readonly method: string
  readonly path: string
  readonly status: number
  /** What went wrong; absent when nothing did. */
  readonly code?: string
  readonly reason?: string
}

/** What {@link createHandler} serves. Either service may be left out; its routes are then absent. */
export interface HandlerOptions {
  attestation?: AttestationService
  keyProvider?: KeyProviderService
  /**
   * Scheme, host and port of every address under which hosts reach this service, such as
   * `https://authority.example:8443`; at least one when there is a Key Provider Service. Proofs of possession name the
   * address that they are for, and one for any other address is refused: what a request says of its own address proves
   * nothing.
   */
  origins?: readonly string[]
  /** Called once per request. */
  log?: (entry: RequestLog) => void
}

/** A Web-standard handler: any server that speaks `Request` and `Response` can mount it. */
export type Handler = (request: Request) => Promise<Response>

/** Base64 and JSON around one context document and an identity. */
const attestBodyLimit = Math.ceil(maxDocumentLength / 3) * 4 + 32_768 + maxIntermediates * 24_576
const keyBodyLimit = 8_192

/**
 * Makes the HTTPS surface of the services. TLS is the server's business.
 * @throws CONFIGURATION_INVALID when there is a Key Provider Service and `origins` is empty or malformed
 */
export function createHandler(options: HandlerOptions): Handler {
  const app = new OpenAPIHono()
  const { attestation, keyProvider, log } = options
  app.use(async (c, next) => {
    await next()
    log?.(logLine(c))
  })
  if (attestation !== undefined) addAttestation(app, attestation)
  if (keyProvider !== undefined) addKeyOperations(app, keyProvider, options.origins ?? [])
  addHealth(app, options)
  app.doc31(openApiPath, {
    openapi: '3.1.0',
    info: { title: 'Trusthold host API', version: '1' },
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'dpop', { type: 'http', scheme: 'DPoP' })
  app.notFound((c) => {
    c.error = new TrustholdError('NOT_FOUND', { kind: 'resource', name: pathOf(c) })
    return sendError(c, c.error)
  })
  app.onError((error, c) => sendError(c, error))
  return async (request) => app.fetch(request)
}

function checkOrigins(origins: readonly string[]): void {
  const wrong = origins.find((text) => !URL.canParse(text) || new URL(text).origin !== text)
  if (origins.length > 0 && wrong === undefined) return
  throw new TrustholdError('CONFIGURATION_INVALID', {
    name: 'origins',
    reason: 'expected scheme, host and port, such as https://authority.example:8443',
  })
}

function addAttestation(app: OpenAPIHono, service: AttestationService): void {
  app.openAPIRegistry.registerPath(attestRoute)
  app.post(attestRoute.path, async (c) => {
    requireAction(c, ['attest'])
    const { tpm2_request: body } = parseInput(
      attestRequest,
      await readJson(c.req.raw, attestBodyLimit),
      'body',
    )
    const { ek_pub, ek_cert, ek_cert_chain } = body.identity
    const result = await service.attest({
      identity: {
        endorsementKey: fromBase64(ek_pub),
        ...(ek_cert === undefined ? {} : { certificate: fromBase64(ek_cert) }),
        ...(ek_cert_chain === undefined ? {} : { intermediates: ek_cert_chain.map(fromBase64) }),
      },
      contexts: body.contexts.map(fromBase64),
      types: body.types,
    })
    return c.json({ tpm2_result: encodeAttestResult(result) })
  })
  app.openAPIRegistry.registerPath(jwksRoute)
  app.get(jwksRoute.path, (c) => c.json({ keys: service.publicKeys() }))
}

function addKeyOperations(app: OpenAPIHono, service: KeyProviderService, origins: readonly string[]): void {
  checkOrigins(origins)
  app.openAPIRegistry.registerPath(keyOperationRoute)
  app.post(keyOperationRoute.path, async (c) => {
    const action = requireAction(c, ['generate-key', 'decrypt'])
    const credentials = readCredentials(c)
    const target = { method: 'POST', url: new URL(c.req.path, originOf(c, origins)).href }
    const body = await readJson(c.req.raw, keyBodyLimit)
    if (action === 'decrypt') {
      const { provider, ciphertext, delivery = 'jwe' } = parseInput(decryptRequest, body, 'body')
      const key = await service.decrypt(credentials, target, { provider, wrapped: ciphertext, delivery })
      return sendKey(c, encodeKey(key))
    }
    const { provider, num_of_bytes, delivery = 'jwe' } = parseInput(generateKeyRequest, body, 'body')
    const made = await service.generateKey(credentials, target, { provider, length: num_of_bytes, delivery })
    return sendKey(c, { ciphertext: made.wrapped, ...encodeKey(made.key) })
  })
}

/** The address that the request came to, if it is one of ours; behind a proxy, the first of ours. */
function originOf(c: Context, origins: readonly string[]): string | undefined {
  const { origin } = new URL(c.req.url)
  return origins.includes(origin) ? origin : origins[0]
}

function addHealth(app: OpenAPIHono, { attestation, keyProvider }: HandlerOptions): void {
  app.openAPIRegistry.registerPath(healthRoute)
  app.get(healthRoute.path, (c) => {
    const troubles = [...(attestation?.health() ?? []), ...(keyProvider?.health() ?? [])]
    if (troubles.length === 0) return c.json({ health: 'OK', details: [] })
    // Anyone may ask; what exactly is wrong is for the log.
    c.error = new TrustholdError('STORE_UNAVAILABLE', { operation: 'serve', reason: troubles.join('; ') })
    const { status, body } = toWireError(c.error)
    const details = body.messages.map(({ default_message }) => default_message)
    return c.json({ health: 'ERROR', details }, status)
  })
}

function requireAction(c: Context, actions: readonly string[]): string {
  const action = c.req.query('action')
  if (action === undefined || !actions.includes(action)) {
    throw new TrustholdError('REQUEST_INVALID', {
      path: 'query.action',
      expected: actions.join(' or '),
      actual: action === undefined ? 'nothing' : 'another value',
    })
  }
  return action
}

/** `Authorization: DPoP <token>` and `DPoP: <proof>` (RFC 9449 section 7.1). */
function readCredentials(c: Context): { token: string; proof: string } {
  const authorization = c.req.header('authorization')
  const token = authorization === undefined ? undefined : /^DPoP ([!-~]+)$/i.exec(authorization)?.[1]
  if (token === undefined) {
    throw new TrustholdError('TOKEN_INVALID', {
      check: 'token.format',
      reason: 'expected Authorization: DPoP and a token',
    })
  }
  const proof = c.req.header('dpop')
  if (proof === undefined) {
    throw new TrustholdError('PROOF_INVALID', { check: 'proof.format', reason: 'expected a DPoP header' })
  }
  return { token, proof }
}

function encodeAttestResult(result: AttestResult) {
  return result.attested
    ? { attested: true, documents: result.documents, checks: result.checks }
    : { attested: false, contexts: result.contexts.map(toBase64) }
}

function encodeKey(key: DeliveredKey): { plaintext: string } | { plaintext_jwe: string } {
  return key.delivery === 'jwe' ? { plaintext_jwe: key.jwe } : { plaintext: toBase64(key.plaintext) }
}

/** Keys are never to be stored on the way (RFC 9111 section 5.2.2.5). */
function sendKey(c: Context, body: Record<string, string>): Response {
  return c.json(body, 200, { 'cache-control': 'no-store' })
}

function sendError(c: Context, error: unknown): Response {
  const { status, body, log } = toWireError(error)
  const oauthError = log.code === 'PROOF_INVALID' ? 'invalid_dpop_proof' : 'invalid_token'
  const headers: Record<string, string> =
    status === 401 ? { 'www-authenticate': `DPoP error="${oauthError}"` } : {}
  return c.json(body, status, headers)
}

/** The path as it was sent: percent-encoded, so that no line feed in it starts a line of its own in a log. */
const pathOf = (c: Context): string => new URL(c.req.url).pathname.slice(0, 200)

function logLine(c: Context): RequestLog {
  const { status } = c.res
  return {
    level: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
    method: c.req.method,
    path: pathOf(c),
    status,
    ...(c.error === undefined ? {} : toWireError(c.error).log),
  }
}
