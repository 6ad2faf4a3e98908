import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, request } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Authority, createAuthority } from '@trusthold/core/authority'
import { fromBase64url, SecretBytes } from '@trusthold/core/bytes'
import { exportEcPublicJwk, thumbprint } from '@trusthold/core/jose'
import { type KeyServer, type PrimaryKeyInfo, type Storage, systemRandom } from '@trusthold/core/ports'
import { keyRequestDigest } from '@trusthold/core/protocol'
import {
  createLocalSigner,
  createProof,
  generateSigningKey,
  issueToken,
  type TokenClaims,
} from '@trusthold/core/token'
import type { TpmtPublic } from '@trusthold/core/tpm2'
import { makeSelfSignedCertificate } from '@trusthold/core/x509'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadRecording } from '../recordings/load.js'
import { approvedImage } from './approved-boot.js'
import { challengeIn, ForgedHost } from './forged-host.js'
import { TestClock } from './rig.js'

const origin = 'https://authority.example'
const path = '/api/esx/kms/key-operation'
const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const jktOf = (key: KeyObject): string => thumbprint(exportEcPublicJwk(key))

const notPart = (): Promise<never> => Promise.reject(new Error('not part of this attack'))
const primaryKey = (id: string): PrimaryKeyInfo => ({
  id,
  state: 'active',
  algorithm: 'AES',
  length: 256,
  usage: ['wrap-key', 'unwrap-key'],
})

/** One AES-256 key; the attack is on what stands before it. */
const keyServer: KeyServer = {
  describe: async (id) => primaryKey(id),
  get: async () => SecretBytes.take(new Uint8Array(32).fill(1)),
  create: async (name) => primaryKey(name),
  abilities: notPart,
  encrypt: notPart,
  decrypt: notPart,
  health: notPart,
  close: async () => undefined,
}

const clock = new TestClock()
const signer = createLocalSigner([generateSigningKey()])
const bindingKey = newKey()
let storage: Storage
let authority: Authority
let token = ''
let hostArea: TpmtPublic

beforeAll(async () => {
  storage = openMemory({ clock })
  authority = await createAuthority({
    group: 'attacks',
    storage,
    keyServer: () => keyServer,
    clock,
    signer,
    origins: [origin],
  })
  const { attestation, keyProvider } = authority
  const host = new ForgedHost()
  hostArea = host.endorsementKey.area
  host.bindingKeyThumbprint = Uint8Array.from(fromBase64url(jktOf(bindingKey)))
  await attestation.settings.update({ requireEndorsementKeys: true, requireCertificateValidation: false })
  await attestation.endorsementKeys.create('host', { publicArea: host.endorsementKey.area })
  await attestation.baseImages.create(approvedImage())
  await keyProvider.providers.create({
    name: 'finance',
    primaryKeyId: 'primary',
    keyServer: {
      servers: [{ name: 'kms', host: 'kms.example' }],
      clientCertificate: 'none',
      clientPrivateKey: 'none',
      trustedCertificates: ['none'],
    },
  })
  const result = await attestation.attest(host.answer(challengeIn(await attestation.attest(host.hello()))))
  if (!result.attested) throw new Error('the host was not attested')
  token = result.documents[0]?.token ?? ''
})
afterAll(async () => {
  await authority.close()
  await storage.close()
})

const requestDigest = keyRequestDigest({
  action: 'generate-key',
  provider: 'finance',
  length: 32,
  delivery: 'jwe',
})

const proofBy = (key: KeyObject, forToken = token, url = origin + path, method = 'POST'): string =>
  createProof(key, { method, url, token: forToken, requestDigest }, { clock, random: systemRandom })

async function ask(headers: Record<string, string>): Promise<{ status: number; check?: string }> {
  const response = await authority.fetch(
    new Request(`${origin}${path}?action=generate-key`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ provider: 'finance', num_of_bytes: 32 }),
    }),
  )
  const body = (await response.json()) as { data?: { context?: { check?: string } } }
  const check = body.data?.context?.check
  return { status: response.status, ...(check === undefined ? {} : { check }) }
}

const withProof = (proof: string, shown = token): Record<string, string> => ({
  authorization: `DPoP ${shown}`,
  dpop: proof,
})

/** The token's claims under another signature of the same service, changed. */
async function reissued(change: (claims: Record<string, unknown>) => void): Promise<string> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
  change(claims)
  return issueToken(signer, claims as unknown as TokenClaims)
}

describe('T-24 a token is worth nothing without the key that it is bound to', () => {
  test('with its own key it opens', async () => {
    expect(await ask(withProof(proofBy(bindingKey)))).toEqual({ status: 200 })
  })

  test('without a proof', async () => {
    expect(await ask({ authorization: `DPoP ${token}` })).toEqual({ status: 401, check: 'proof.format' })
  })

  test('as a bearer token', async () => {
    const headers = { authorization: `Bearer ${token}`, dpop: proofBy(bindingKey) }
    expect(await ask(headers)).toEqual({ status: 401, check: 'token.format' })
  })

  test('with a proof by another key', async () => {
    expect(await ask(withProof(proofBy(newKey())))).toEqual({ status: 401, check: 'proof.key' })
  })

  test("with a proof that shows the bound key's public half and is signed by another", async () => {
    const [, payload = ''] = proofBy(bindingKey).split('.')
    const header = Buffer.from(
      JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk: exportEcPublicJwk(bindingKey) }),
    ).toString('base64url')
    const signature = sign('sha256', Buffer.from(`${header}.${payload}`), {
      key: newKey(),
      dsaEncoding: 'ieee-p1363',
    })
    const forged = `${header}.${payload}.${signature.toString('base64url')}`
    expect(await ask(withProof(forged))).toEqual({ status: 401, check: 'proof.signature' })
  })

  test('with a proof that was used before', async () => {
    const proof = proofBy(bindingKey)
    expect(await ask(withProof(proof))).toEqual({ status: 200 })
    expect(await ask(withProof(proof))).toEqual({ status: 401, check: 'proof.unused' })
  })

  test('of many requests with one proof exactly one is served', async () => {
    const proof = proofBy(bindingKey)
    const answers = await Promise.all(Array.from({ length: 32 }, () => ask(withProof(proof))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ check }) => check === 'proof.unused')).toHaveLength(31)
  })

  test('with a proof for another token, method, host or path', async () => {
    const other = await reissued((claims) => {
      claims['jti'] = 'another'
    })
    const proofs: readonly (readonly [string, string])[] = [
      [proofBy(bindingKey, other), 'proof.token'],
      [proofBy(bindingKey, token, origin + path, 'GET'), 'proof.target'],
      [proofBy(bindingKey, token, `https://other.example${path}`), 'proof.target'],
      [proofBy(bindingKey, token, `${origin}/api/esx/attestation/report`), 'proof.target'],
    ]
    for (const [proof, check] of proofs) expect(await ask(withProof(proof))).toEqual({ status: 401, check })
  })

  test('with a proof for another key operation', async () => {
    const others = [
      { action: 'decrypt', provider: 'finance', wrapped: 'x', delivery: 'jwe' },
      { action: 'generate-key', provider: 'finance', length: 32, delivery: 'tls' },
      { action: 'generate-key', provider: 'payroll', length: 32, delivery: 'jwe' },
      { action: 'generate-key', provider: 'finance', length: 33, delivery: 'jwe' },
    ] as const
    for (const other of others) {
      const target = { method: 'POST', url: origin + path, token, requestDigest: keyRequestDigest(other) }
      const proof = createProof(bindingKey, target, { clock, random: systemRandom })
      expect(await ask(withProof(proof))).toEqual({ status: 401, check: 'proof.request' })
    }
    const bare = createProof(
      bindingKey,
      { method: 'POST', url: origin + path, token },
      { clock, random: systemRandom },
    )
    expect(await ask(withProof(bare))).toEqual({ status: 401, check: 'proof.request' })
  })

  test('with a request that claims to have come to an address which is not ours', async () => {
    const elsewhere = 'https://relay.example'
    const response = await authority.fetch(
      new Request(`${elsewhere}${path}?action=generate-key`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...withProof(proofBy(bindingKey, token, elsewhere + path)),
        },
        body: JSON.stringify({ provider: 'finance', num_of_bytes: 32 }),
      }),
    )
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ data: { context: { check: 'proof.target' } } })
  })

  test('when its base image or the registration of its TPM was taken back', async () => {
    const { attestation } = authority
    await attestation.endorsementKeys.delete('host')
    expect(await ask(withProof(proofBy(bindingKey)))).toEqual({ status: 401, check: 'token.trust' })
    await attestation.endorsementKeys.create('host again', { publicArea: hostArea })
    expect(await ask(withProof(proofBy(bindingKey)))).toEqual({ status: 200 })
    await attestation.baseImages.delete('approved')
    expect(await ask(withProof(proofBy(bindingKey)))).toEqual({ status: 401, check: 'token.trust' })
    await attestation.baseImages.create(approvedImage())
  })

  test('when the CA of its TPM was taken back, or never stood behind it', async () => {
    const { attestation } = authority
    const { root } = loadRecording('swtpm').ca
    await attestation.caCertificates.create('vendor', root)
    const ca = attestation.caCertificates.list()[0]?.certificates[0]?.fingerprint
    await attestation.settings.update({ requireCertificateValidation: true })
    expect(await ask(withProof(proofBy(bindingKey)))).toEqual({ status: 401, check: 'token.trust' })
    const certified = await reissued((claims) => {
      const { host } = claims['submods'] as { host: { endorsement: Record<string, unknown> } }
      host.endorsement['ca'] = ca
    })
    expect(await ask(withProof(proofBy(bindingKey, certified), certified))).toEqual({ status: 200 })
    await attestation.caCertificates.delete('vendor')
    expect(await ask(withProof(proofBy(bindingKey, certified), certified))).toEqual({
      status: 401,
      check: 'token.trust',
    })
    await attestation.settings.update({ requireCertificateValidation: false })
  })

  test('and every such use is on record, under the host that the token names', async () => {
    const before = (await storage.audit.read(1, 1_000)).length
    await ask(withProof(proofBy(newKey())))
    const [record, ...more] = (await storage.audit.read(1, 1_000)).slice(before)
    expect(more).toEqual([])
    expect(JSON.parse(new TextDecoder().decode(record?.content))).toMatchObject({
      action: 'key.generate',
      outcome: 'refused',
      subject: expect.stringMatching(/^ek:[0-9a-f]{64}$/) as string,
      details: { code: 'PROOF_INVALID' },
    })
  })

  test('with a proof from before its time or after it', async () => {
    const proof = proofBy(bindingKey)
    clock.advance(61_000)
    expect(await ask(withProof(proof))).toEqual({ status: 401, check: 'proof.time' })
    const early = proofBy(bindingKey)
    clock.advance(-62_000)
    expect(await ask(withProof(early))).toEqual({ status: 401, check: 'proof.time' })
    clock.advance(1_000)
  })

  test('bound to a certificate instead of a key, or to nothing, or bound elsewhere', async () => {
    const bindings: readonly unknown[] = [
      { 'x5t#S256': jktOf(bindingKey) },
      { jwk: exportEcPublicJwk(bindingKey) },
      {},
      null,
      undefined,
      { jkt: '' },
      { jkt: 7 },
    ]
    for (const cnf of bindings) {
      const unbound = await reissued((claims) => {
        claims['cnf'] = cnf
      })
      expect(await ask(withProof(proofBy(bindingKey, unbound), unbound))).toEqual({
        status: 401,
        check: 'token.binding',
      })
    }
    const elsewhere = await reissued((claims) => {
      claims['cnf'] = { jkt: jktOf(newKey()), 'x5t#S256': jktOf(bindingKey) }
    })
    expect(await ask(withProof(proofBy(bindingKey, elsewhere), elsewhere))).toEqual({
      status: 401,
      check: 'proof.key',
    })
  })

  test('a resumed TLS session proves nothing of a connection before it', async () => {
    const tls = makeSelfSignedCertificate({ hosts: ['localhost'], now: Date.now() })
    const resumed: boolean[] = []
    const server = createServer({ cert: tls.certificate, key: tls.privateKey }, (incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        resumed.push((incoming.socket as TLSSocket).isSessionReused())
        const headers = Object.entries(incoming.headers).map(
          ([name, value]) => [name, String(value)] as [string, string],
        )
        authority
          .fetch(
            new Request(`${origin}${incoming.url}`, { method: 'POST', headers, body: Buffer.concat(chunks) }),
          )
          .then((response) => outgoing.writeHead(response.status).end())
          .catch(() => outgoing.destroy())
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve())
    })
    const { port } = server.address() as AddressInfo
    let session: Buffer | undefined
    const post = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            host: '127.0.0.1',
            servername: 'localhost',
            port,
            path: `${path}?action=generate-key`,
            method: 'POST',
            agent: false,
            ca: tls.certificate,
            headers: { 'content-type': 'application/json', ...headers },
            // TLS 1.2 has the session right after the handshake.
            maxVersion: 'TLSv1.2',
            ...(session === undefined ? {} : { session }),
          },
          (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
          },
        )
        sent.on('socket', (socket: Socket) => {
          socket.on('session', (data: Buffer) => {
            session ??= data
          })
        })
        sent.on('error', reject).end(JSON.stringify({ provider: 'finance', num_of_bytes: 32 }))
      })
    expect(await post(withProof(proofBy(bindingKey)))).toBe(200)
    expect(await post({ authorization: `DPoP ${token}` })).toBe(401)
    expect(await post(withProof(proofBy(newKey())))).toBe(401)
    expect(resumed).toEqual([false, true, true])
    server.closeAllConnections()
    server.close()
  })
})
