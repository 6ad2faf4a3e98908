import { describe, expect, it } from 'vitest'
import type { AttestationService } from '../../src/attestation/index.js'
import { createHandler } from '../../src/http/index.js'
import { KeyProviderService } from '../../src/key-provider/index.js'
import { createTokenVerifier } from '../../src/token/index.js'
import { fakeKeyServer, fakeStorage } from '../key-provider/fixtures.js'
import { fakeClock, group, issuer, random } from '../token/fixtures.js'

const origin = 'https://authority.example'

/**
 * Every route there is, and what it asks of its caller: nothing (what it says is public, and it changes nothing), the
 * evidence of an attestation, or a token with a proof of possession.
 */
const routes: Readonly<Record<string, 'nothing' | 'evidence' | 'token and proof'>> = {
  'get /.well-known/jwks.json': 'nothing',
  'get /api/trusthold/health': 'nothing',
  'post /api/esx/attestation/report': 'evidence',
  'post /api/esx/kms/key-operation': 'token and proof',
}

const clock = fakeClock()
const storage = fakeStorage()
const keyProvider = await KeyProviderService.open({
  storage,
  keyServer: fakeKeyServer,
  tokens: createTokenVerifier({ issuer, group, keys: () => [], clock }),
  clock,
  random,
})
const attestation = { publicKeys: () => [], health: () => [] } as unknown as AttestationService
const handler = createHandler({ attestation, keyProvider, origins: ['https://a.example'] })

interface Operation {
  security?: unknown[]
  summary: string
  responses: Record<string, { description: string }>
}
interface OpenApi {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> }
}
const response = await handler(new Request(`${origin}/api/trusthold/openapi.json`))
const document = (await response.json()) as OpenApi
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
)

describe('the OpenAPI document', () => {
  it('lists exactly the routes', () => {
    expect(operations.map(([name]) => name).sort()).toEqual(Object.keys(routes).sort())
  })

  it('asks for token and proof where the route does, and nowhere else', () => {
    for (const [name, { security }] of operations) {
      expect([name, security]).toEqual([
        name,
        routes[name] === 'token and proof' ? [{ dpop: [] }] : undefined,
      ])
    }
    expect(document.components.securitySchemes).toEqual({ dpop: { type: 'http', scheme: 'DPoP' } })
  })

  it('is whole: version, title, a description of every answer, and no reference that leads nowhere', () => {
    expect(response.status).toBe(200)
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toEqual({ title: 'Trusthold host API', version: '1' })
    for (const [, operation] of operations) {
      expect(operation.summary).not.toBe('')
      expect(Object.keys(operation.responses)).toContain('200')
      for (const { description } of Object.values(operation.responses)) expect(description).not.toBe('')
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, at]) => at as string,
    )
    expect(references.length).toBeGreaterThan(5)
    for (const at of references) {
      const found = at
        .split('/')
        .slice(1)
        .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], document)
      expect(found, at).toBeDefined()
    }
  })
})

describe('without token and proof', () => {
  const call = (path: string, method: string, headers: Record<string, string> = {}) =>
    handler(
      new Request(origin + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(['GET', 'HEAD'].includes(method) ? {} : { body: '{}' }),
      }),
    )

  it.each(['generate-key', 'decrypt'])('%s is refused, and nothing is changed', async (action) => {
    const path = `/api/esx/kms/key-operation?action=${action}`
    const before = storage.config.revision
    for (const headers of [{}, { authorization: 'DPoP x' }, { dpop: 'x' }] as Record<string, string>[]) {
      expect((await call(path, 'POST', headers)).status).toBe(401)
    }
    expect([storage.config.revision, storage.records.length, storage.replay.claims.size]).toEqual([
      before,
      0,
      0,
    ])
  })

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'POST', 'OPTIONS'])(
    '%s reaches nothing that is not in the table',
    async (method) => {
      for (const name of Object.keys(routes)) {
        const [known, path] = name.split(' ') as [string, string]
        if (known.toUpperCase() === method) continue
        expect([method, path, (await call(`${path}?action=decrypt`, method)).status]).toEqual([
          method,
          path,
          404,
        ])
      }
      for (const path of [
        '/',
        '/api',
        '/api/esx/kms/providers',
        '/api/esx/kms/key-operation/',
        '/API/esx/kms/key-operation',
        '//api/esx/kms/key-operation',
        '/api/trusthold/../admin',
        '/api/esx/kms/key-operation%2F',
        '/.env',
        '/.well-known/',
      ]) {
        expect([path, (await call(path, method)).status]).toEqual([path, 404])
      }
    },
  )

  it('every route of a service that is left out is absent', async () => {
    const bare = createHandler({})
    for (const name of Object.keys(routes)) {
      const [method, path] = name.split(' ') as [string, string]
      const answer = await bare(
        new Request(origin + path, {
          method: method.toUpperCase(),
          ...(method === 'post' ? { body: '{}' } : {}),
        }),
      )
      expect([name, answer.status]).toEqual([name, path.endsWith('/health') ? 200 : 404])
    }
  })
})
