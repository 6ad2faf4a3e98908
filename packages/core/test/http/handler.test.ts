import { beforeEach, describe, expect, it } from 'vitest'
import type { AttestationService } from '../../src/attestation/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { createHandler, type Handler, type HandlerOptions, type RequestLog } from '../../src/http/index.js'
import type { KeyProviderService } from '../../src/key-provider/index.js'
import type { AttestRequest, KeyRequestCredentials } from '../../src/protocol/index.js'
import { thrownBy } from '../jose/thrown.js'

const origin = 'https://authority.example:8443'
const attestUrl = `${origin}/api/esx/attestation/report?action=attest`
const keyUrl = `${origin}/api/esx/kms/key-operation?action=`
const canaryToken = 'canary.token.text'
const canaryProof = 'canary.proof.text'

let calls: unknown[][]
let failure: Error | undefined
let health: string[]
let lines: RequestLog[]
let handler: Handler

const answer =
  (value: unknown) =>
  async (...given: unknown[]) => {
    calls.push(given)
    if (failure !== undefined) throw failure
    return value
  }
const attestation = {
  attest: answer({ attested: false, contexts: [Uint8Array.of(1)] }),
  publicKeys: () => [{ kty: 'EC', kid: 'k' }],
  health: () => health,
} as unknown as AttestationService
const keyProvider = {
  generateKey: answer({ wrapped: 'w.w.w.w.w', key: { delivery: 'jwe', jwe: 'j.j.j.j.j' } }),
  decrypt: answer({ delivery: 'tls', plaintext: Uint8Array.of(1, 2) }),
  health: () => [],
} as unknown as KeyProviderService

const make = (options: HandlerOptions = {}) =>
  createHandler({
    attestation,
    keyProvider,
    origins: [origin],
    log: (line) => lines.push(line),
    ...options,
  })
const identity = { ek_pub: 'AAAA' }
const attestBody = (change: object = {}) => ({
  tpm2_request: { identity, contexts: ['AQ=='], types: ['KMS_AUTH_JWT'], ...change },
})
const generateBody = { provider: 'finance', num_of_bytes: 32 }
const decryptBody = { provider: 'finance', ciphertext: 'a.b.c.d.e' }
const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  handler(
    new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )
const credentials = { authorization: `DPoP ${canaryToken}`, dpop: canaryProof }
const keyPost = (action: string, body: unknown, headers: Record<string, string> = credentials) =>
  post(keyUrl + action, body, headers)
interface ErrorJson {
  error_type: string
  messages: { default_message: string }[]
  data: { code: string; context?: Record<string, unknown> }
}
const errorOf = async (response: Response) => (await response.json()) as ErrorJson

beforeEach(() => {
  calls = []
  failure = undefined
  health = []
  lines = []
  handler = make()
})

describe('attest', () => {
  it('passes on what was sent and answers with what the service says', async () => {
    const response = await post(attestUrl, attestBody({ identity: { ...identity, ek_cert: 'AQID' } }))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ tpm2_result: { attested: false, contexts: ['AQ=='] } })
    const [[request]] = calls as [[AttestRequest]]
    expect(request).toEqual({
      identity: { endorsementKey: new Uint8Array(3), certificate: Uint8Array.of(1, 2, 3) },
      contexts: [Uint8Array.of(1)],
      types: ['KMS_AUTH_JWT'],
    })
  })

  it('passes on CA certificates that came along, sixteen at most', async () => {
    const chain = (length: number) =>
      attestBody({ identity: { ...identity, ek_cert: 'AQ==', ek_cert_chain: Array(length).fill('Ag==') } })
    expect((await post(attestUrl, chain(16))).status).toBe(200)
    const [[request]] = calls as [[AttestRequest]]
    expect(request.identity.intermediates).toEqual(Array(16).fill(Uint8Array.of(2)))
    for (const length of [0, 17]) expect((await post(attestUrl, chain(length))).status).toBe(400)
  })

  it('takes other spellings of the content type', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', ' application/json ']) {
      expect((await post(attestUrl, attestBody(), { 'content-type': type })).status).toBe(200)
    }
  })

  it.each<[string, object]>([
    ['no request', {}],
    ['a member more', { ...attestBody(), extra: 1 }],
    ['a member more inside', attestBody({ extra: 1 })],
    ['a member more in the identity', attestBody({ identity: { ...identity, ek_name: 'x' } })],
    ['no identity', attestBody({ identity: undefined })],
    ['an empty key', attestBody({ identity: { ek_pub: '' } })],
    ['a key in base64url', attestBody({ identity: { ek_pub: 'AA-_' } })],
    ['a key without padding', attestBody({ identity: { ek_pub: 'AQ' } })],
    ['a key with bits behind its end', attestBody({ identity: { ek_pub: 'AR==' } })],
    ['a key with a line feed', attestBody({ identity: { ek_pub: 'AQ==\n' } })],
    ['a key that is too long', attestBody({ identity: { ek_pub: 'A'.repeat(2_736) } })],
    ['no context', attestBody({ contexts: [] })],
    ['two contexts', attestBody({ contexts: ['AQ==', 'AQ=='] })],
    ['a context that is no text', attestBody({ contexts: [1] })],
    ['no type', attestBody({ types: [] })],
    ['an unknown type', attestBody({ types: ['ADMIN_JWT'] })],
    ['three types', attestBody({ types: ['KMS_AUTH_JWT', 'KMS_AUTH_JWT', 'KMS_AUTH_JWT'] })],
    ['__proto__', JSON.parse('{"__proto__":{"tpm2_request":{}}}') as object],
  ])('refuses %s', async (_, body) => {
    const response = await post(attestUrl, body)
    expect(response.status).toBe(400)
    expect((await errorOf(response)).error_type).toBe('INVALID_ARGUMENT')
    expect(calls).toEqual([])
  })
})

describe('key operations', () => {
  it('pass on token, proof and the address that the proof has to name', async () => {
    const made = await keyPost('generate-key', generateBody)
    expect(await made.json()).toEqual({ ciphertext: 'w.w.w.w.w', plaintext_jwe: 'j.j.j.j.j' })
    const opened = await keyPost('decrypt', { ...decryptBody, delivery: 'tls' })
    expect(await opened.json()).toEqual({ plaintext: 'AQI=' })
    const target = { method: 'POST', url: `${origin}/api/esx/kms/key-operation` }
    const given: KeyRequestCredentials = { token: canaryToken, proof: canaryProof }
    expect(calls).toEqual([
      [given, target, { provider: 'finance', length: 32, delivery: 'jwe' }],
      [given, target, { provider: 'finance', wrapped: 'a.b.c.d.e', delivery: 'tls' }],
    ])
    for (const response of [made, opened]) expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('name the configured origin, whatever the request says', async () => {
    handler = make({ origins: ['https://public.example'] })
    await post('http://10.0.0.1:8080/api/esx/kms/key-operation?action=generate-key', generateBody, {
      ...credentials,
      host: 'attacker.example',
      'x-forwarded-host': 'attacker.example',
    })
    expect(calls[0]?.[1]).toEqual({ method: 'POST', url: 'https://public.example/api/esx/kms/key-operation' })
  })

  it.each<[string, Record<string, string>, string]>([
    ['no Authorization', { dpop: canaryProof }, 'TOKEN_INVALID'],
    ['an empty Authorization', { authorization: '', dpop: canaryProof }, 'TOKEN_INVALID'],
    ['a scheme alone', { authorization: 'DPoP', dpop: canaryProof }, 'TOKEN_INVALID'],
    ['Bearer', { authorization: `Bearer ${canaryToken}`, dpop: canaryProof }, 'TOKEN_INVALID'],
    ['Basic', { authorization: 'Basic Y2FuYXJ5OmNhbmFyeQ==', dpop: canaryProof }, 'TOKEN_INVALID'],
    [
      'two tokens',
      { authorization: `DPoP ${canaryToken} ${canaryToken}`, dpop: canaryProof },
      'TOKEN_INVALID',
    ],
    [
      'two schemes',
      { authorization: `DPoP ${canaryToken}, DPoP ${canaryToken}`, dpop: canaryProof },
      'TOKEN_INVALID',
    ],
    ['a tabulator', { authorization: `DPoP\t${canaryToken}`, dpop: canaryProof }, 'TOKEN_INVALID'],
    ['no proof', { authorization: `DPoP ${canaryToken}` }, 'PROOF_INVALID'],
  ])('refuse %s', async (_, headers, code) => {
    const response = await keyPost('generate-key', generateBody, headers)
    expect(response.status).toBe(401)
    const error = code === 'PROOF_INVALID' ? 'invalid_dpop_proof' : 'invalid_token'
    expect(response.headers.get('www-authenticate')).toBe(`DPoP error="${error}"`)
    expect((await errorOf(response)).data.code).toBe(code)
    expect(calls).toEqual([])
  })

  it('take the scheme in any case (RFC 9110 section 11.1)', async () => {
    const headers = { ...credentials, authorization: `dpop ${canaryToken}` }
    expect((await keyPost('generate-key', generateBody, headers)).status).toBe(200)
  })

  it.each<[string, string, object]>([
    ['a length that is too small', 'generate-key', { ...generateBody, num_of_bytes: 15 }],
    ['a length that is too large', 'generate-key', { ...generateBody, num_of_bytes: 513 }],
    ['a length that is a text', 'generate-key', { ...generateBody, num_of_bytes: '32' }],
    ['a length that is not whole', 'generate-key', { ...generateBody, num_of_bytes: 16.5 }],
    ['no provider', 'generate-key', { num_of_bytes: 32 }],
    ['an empty provider', 'generate-key', { ...generateBody, provider: '' }],
    ['a provider of 129 characters', 'generate-key', { ...generateBody, provider: 'x'.repeat(129) }],
    ['another delivery', 'generate-key', { ...generateBody, delivery: 'plain' }],
    ['delivery null', 'generate-key', { ...generateBody, delivery: null }],
    ['the other action\u2019s body', 'generate-key', decryptBody],
    ['the other action\u2019s body', 'decrypt', generateBody],
    ['a member more', 'decrypt', { ...decryptBody, key: 'x' }],
    ['a wrapped key that is too long', 'decrypt', { ...decryptBody, ciphertext: 'x'.repeat(4_097) }],
  ])('refuse %s for %s', async (_, action, body) => {
    const response = await keyPost(action, body)
    expect(response.status).toBe(400)
    expect(calls).toEqual([])
  })
})

describe('bodies', () => {
  it.each([
    ['text/plain', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['JSON of another kind', 'application/json-patch+json'],
    ['two types', 'application/json, text/plain'],
    ['nothing', ''],
  ])('of type %s are refused', async (_, type) => {
    const response = await post(attestUrl, attestBody(), { 'content-type': type })
    expect(response.status).toBe(400)
    expect((await errorOf(response)).data.context).toMatchObject({ path: 'header.content-type' })
  })

  it.each([
    ['nothing', ''],
    ['half of it', '{"tpm2_request":'],
    ['two values', '{}{}'],
    ['a text that is none', 'canary-4711'],
  ])('that are not JSON are refused without being quoted: %s', async (_, body) => {
    const response = await post(attestUrl, body)
    expect(response.status).toBe(400)
    const text = JSON.stringify([await response.json(), lines])
    expect(text).toContain('REQUEST_INVALID')
    expect(text).not.toContain('canary')
  })

  it('that are not UTF-8 are refused', async () => {
    const body = new Uint8Array([0x22, 0xff, 0x22])
    const response = await handler(
      new Request(attestUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
    )
    expect((await errorOf(response)).data.context).toMatchObject({ path: 'body', expected: 'UTF-8' })
  })

  it('that are null, a list or a number are refused', async () => {
    for (const body of ['null', '[]', '1', '"x"']) expect((await post(attestUrl, body)).status).toBe(400)
  })

  it('that are nested deeply are refused, in bounded time and typed', async () => {
    const depth = 500_000
    const response = await post(attestUrl, '['.repeat(depth) + ']'.repeat(depth))
    expect(response.status).toBe(400)
    expect((await post(attestUrl, `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)).status).toBe(400)
    const inside = `{"tpm2_request":{"identity":{"ek_pub":${'['.repeat(depth)}${']'.repeat(depth)}}}}`
    expect((await post(attestUrl, inside)).status).toBe(400)
  })

  it.each([
    [`${keyUrl}generate-key`, 8_192],
    [attestUrl, 8_317_440],
  ])('to %s may have %i bytes and not one more, whether they say so or not', async (url, limit) => {
    const streamed = (length: number, declared?: number) =>
      handler(
        new Request(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...credentials,
            ...(declared === undefined ? {} : { 'content-length': String(declared) }),
          },
          body: new ReadableStream({
            start(controller) {
              for (let sent = 0; sent < length; sent += 65_536) {
                controller.enqueue(new Uint8Array(Math.min(65_536, length - sent)).fill(0x20))
              }
              controller.close()
            },
          }),
          duplex: 'half',
        } as RequestInit),
      )
    expect((await streamed(limit)).status).toBe(400)
    const statuses = await Promise.all([
      streamed(limit + 1),
      streamed(limit + 1, 10),
      streamed(10, limit + 1),
      streamed(10, Number.MAX_SAFE_INTEGER),
    ])
    for (const response of statuses) {
      expect(response.status).toBe(413)
      expect(await errorOf(response)).toMatchObject({
        error_type: 'INVALID_REQUEST',
        data: { context: { limit } },
      })
    }
    expect(calls).toEqual([])
  })

  it('that are too large are not read to their end', async () => {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const request = new Request(`${keyUrl}decrypt`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credentials },
      body,
      duplex: 'half',
    } as RequestInit)
    expect((await handler(request)).status).toBe(413)
    expect(sent).toBeLessThan(1_000_000)
  })

  it('that break off are refused', async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('socket hang up'))
      },
    })
    const request = new Request(attestUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit)
    const response = await handler(request)
    expect([response.status, (await errorOf(response)).data.code]).toEqual([400, 'REQUEST_INVALID'])
  })
})

describe('actions', () => {
  it.each([
    [attestUrl.replace('attest&', '').replace('?action=attest', '')],
    [attestUrl.replace('=attest', '=')],
    [attestUrl.replace('=attest', '=Attest')],
    [attestUrl.replace('=attest', '=generate-key')],
    [keyUrl],
    [`${keyUrl}attest`],
    [`${keyUrl}constructor`],
    [`${keyUrl}decrypt%00`],
  ])('%s is refused', async (url) => {
    const response = await post(url, attestBody(), credentials)
    expect(response.status).toBe(400)
    expect((await errorOf(response)).data.context).toMatchObject({ path: 'query.action' })
    expect(calls).toEqual([])
  })
})

describe('errors', () => {
  it('of the services come with their status, in the envelope of the original', async () => {
    failure = new TrustholdError('PROVIDER_NOT_FOUND', { provider: 'finance' })
    const response = await keyPost('generate-key', generateBody)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      error_type: 'NOT_FOUND',
      messages: [
        {
          id: 'trusthold.provider_not_found',
          default_message: 'no trusted key provider "finance"',
          args: [],
        },
      ],
      data: { code: 'PROVIDER_NOT_FOUND', context: { provider: 'finance' } },
    })
    expect(response.headers.get('www-authenticate')).toBeNull()
  })

  it('that nobody foresaw show nothing but that they happened', async () => {
    failure = new TypeError('cannot read canary of undefined')
    const response = await keyPost('generate-key', generateBody)
    expect(response.status).toBe(500)
    expect(JSON.stringify(await response.json())).not.toContain('canary')
    expect(lines).toMatchObject([
      { level: 'error', status: 500, code: 'INTERNAL', reason: 'cannot read canary of undefined' },
    ])
  })
})

describe('the log', () => {
  it('has exactly one line for each request', async () => {
    await keyPost('generate-key', generateBody)
    await post(attestUrl, 'x')
    await handler(new Request(`${origin}/nowhere`))
    await handler(new Request(`${origin}/api/trusthold/health`, { method: 'HEAD' }))
    failure = new Error('x')
    await keyPost('decrypt', decryptBody)
    expect(lines.map(({ level, method, path, status, code }) => [level, method, path, status, code])).toEqual(
      [
        ['info', 'POST', '/api/esx/kms/key-operation', 200, undefined],
        ['warn', 'POST', '/api/esx/attestation/report', 400, 'REQUEST_INVALID'],
        ['warn', 'GET', '/nowhere', 404, 'NOT_FOUND'],
        ['info', 'HEAD', '/api/trusthold/health', 200, undefined],
        ['error', 'POST', '/api/esx/kms/key-operation', 500, 'INTERNAL'],
      ],
    )
  })

  it.each([
    '/%0d%0aINFO%20all%20is%20well',
    '/%1b[2J',
    '/%e2%80%ae',
    '/a%00b',
    '/%E2%80%A8',
    '/%c2%9b',
    '/\u202e',
  ])('has no control characters, nor does the answer: %s', async (path) => {
    const response = await handler(new Request(origin + path))
    expect(response.status).toBe(404)
    const { data, messages } = await errorOf(response)
    for (const text of [
      lines[0]?.path,
      lines[0]?.reason,
      messages[0]?.default_message,
      data.context?.['name'],
    ]) {
      expect(text).toMatch(/^[ -~]+$/)
    }
  })

  it('does not grow with the path', async () => {
    await handler(new Request(`${origin}/${'x'.repeat(10_000)}`))
    expect(JSON.stringify(lines).length).toBeLessThan(1_000)
  })

  it('holds no token, proof or body', async () => {
    const thrown = [
      undefined,
      new Error('x'),
      new TrustholdError('TOKEN_INVALID', { check: 'token.time', reason: 'it has expired' }),
    ]
    for (failure of thrown) {
      await keyPost('generate-key', { ...generateBody, provider: 'canary' })
      await keyPost('decrypt', { ...decryptBody, ciphertext: 'canary' })
      await keyPost('decrypt', '{"canary":')
      await keyPost('canary', decryptBody)
      await post(attestUrl, attestBody({ identity: { ek_pub: 'canary!' } }))
    }
    expect(lines).toHaveLength(15)
    expect(JSON.stringify(lines)).not.toContain('canary')
  })
})

describe('health', () => {
  it('is good when nothing is wrong', async () => {
    const response = await handler(new Request(`${origin}/api/trusthold/health`))
    expect([response.status, await response.json()]).toEqual([200, { health: 'OK', details: [] }])
  })

  it('is bad when something is; what, the log says and not the answer', async () => {
    health = ['the store cannot follow base image: connect ECONNREFUSED 10.0.0.5:5432']
    const response = await handler(new Request(`${origin}/api/trusthold/health`))
    expect(response.status).toBe(503)
    const body = JSON.stringify(await response.json())
    expect(body).toContain('"health":"ERROR"')
    expect(body).not.toContain('10.0.0.5')
    expect(lines[0]).toMatchObject({
      level: 'error',
      status: 503,
      code: 'STORE_UNAVAILABLE',
      reason: expect.stringContaining('10.0.0.5'),
    })
  })
})

describe('origins', () => {
  it.each([
    'authority.example',
    'https://authority.example/path',
    'https://user@authority.example',
    'https://a?b',
    '',
    '/',
  ])('%j is refused when the handler is made', (bad) => {
    expect(thrownBy(() => make({ origins: [origin, bad] })).code).toBe('CONFIGURATION_INVALID')
  })

  it('none is refused where keys are given out', () => {
    expect(thrownBy(() => make({ origins: [] })).code).toBe('CONFIGURATION_INVALID')
  })

  it('several are told apart by where the request came to', async () => {
    handler = make({ origins: ['https://first.example', origin] })
    await keyPost('generate-key', generateBody)
    expect(calls[0]?.[1]).toMatchObject({ url: `${origin}/api/esx/kms/key-operation` })
  })
})
